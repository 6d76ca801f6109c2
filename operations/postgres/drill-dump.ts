/** One dump, whose archive was found right, through a throwaway server; what was seen there. */
import type { Readable } from 'node:stream';
import type { DockerHost } from '../../docker/api';
import type { PostgresDescription } from '../../protocol/description';
import { BackupError } from '../../protocol/errors';
import type { DrillCheckResult } from '../../protocol/fact';
import type { BackupRecord } from '../../protocol/record';
import type { OperationContext } from '../settings';
import { statementCheck, tableChecks } from './drill-checks';
import { neededMajor } from './drill-image';
import { answerChecks, findTables } from './drill-look';
import { restoreForDrill } from './drill-restore';
import { withDrillServer } from './drill-server';
import type { DrillRequest } from './requests';
import { restoreServer } from './restore-server';
import type { PostgresLogin } from './tools';

export interface DrillDump {
	readonly context: OperationContext;
	readonly host: DockerHost;
	readonly image: string;
	readonly record: BackupRecord;
	readonly description: PostgresDescription;
	readonly content: Readable;
	readonly request: Pick<DrillRequest, 'checks' | 'totalLimitMs'>;
}

/** Throws `timed_out`, and what is no fault of the dump. */
export async function drillDump(drill: DrillDump): Promise<DrillCheckResult[]> {
	const { context, host, image, record, description, request } = drill;
	const { totalLimitMs } = request;
	const late = new AbortController();
	const tooLong = new BackupError(
		'timed_out',
		`the drill of ${record.id} took longer than ${Math.round(totalLimitMs / 1000)} s`,
		{ hint: 'Give it more time.' },
	);
	const timer = setTimeout(() => late.abort(tooLong), totalLimitMs);
	const signal = AbortSignal.any([context.signal, late.signal]);
	const { job, runId } = record;
	const tell = (name: string) => context.onEvent({ event: 'phase', name, id: record.id });
	try {
		tell('starting a server for');
		const spec = { image, major: neededMajor(description), runId, job, totalLimitMs, signal };
		return await withDrillServer(host, context, spec, (login) => look(drill, login, signal, tell));
	} catch (error) {
		// Whatever failed after that failed because of it.
		if (!late.signal.aborted || context.signal.aborted) throw error;
		throw error instanceof BackupError && error.code === 'timed_out' ? error : tooLong;
	} finally {
		clearTimeout(timer);
	}
}

async function look(
	{ context, host, description, content, request }: DrillDump,
	login: PostgresLogin,
	signal: AbortSignal,
	tell: (name: string) => void,
): Promise<DrillCheckResult[]> {
	const { checks, totalLimitMs: limitMs } = request;
	tell('restoring');
	const server = restoreServer(host, login, signal, limitMs);
	const {
		database,
		problem,
		tables: expected,
	} = await restoreForDrill({
		clock: context.clock,
		signal,
		limitMs,
		login,
		server,
		description,
		content,
	});
	const restored = { name: 'restore', expected: 'no error', actual: problem ?? 'no error' };
	if (problem !== null) return [{ ...restored, pass: false }];
	tell('looking at');
	const place = { host, login, database, signal, limitMs };
	const tables = tableChecks(expected, await findTables(place, expected));
	const answers = await answerChecks(place, checks);
	return [
		{ ...restored, pass: true },
		...tables,
		...checks.map((check, position) =>
			statementCheck(check, answers[position] ?? { problem: 'it was not asked' }),
		),
	];
}
