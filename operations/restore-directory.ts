/**
 * Restore into a directory: `<to>/<volume>/…`, which must be empty or absent and gets its name only when
 * everything is in it. In this process, without Docker.
 */
import { resolve } from 'node:path';
import type { BackupRecord } from '../protocol/record';
import { chooseRecord, chooseSources } from './restore-volumes';
import { extractInto, jobOf, type RestoreReport, type RestoreWay } from './restore-way';
import { runJob } from './run-job';
import type { Selection } from './select';
import type { OperationContext, RepositorySettings } from './settings';

export interface RestoreDirectoryRequest extends RestoreWay {
	readonly selection: Selection;
	readonly volumes: readonly string[];
	readonly to: string;
	readonly allowUnsigned: boolean;
}

export interface RestoreDirectoryOutcome extends RestoreReport {
	readonly record: BackupRecord;
	readonly directory: string;
	readonly volumes: readonly string[];
	readonly durationMs: number;
}

export async function restoreDirectory(
	context: OperationContext,
	repository: RepositorySettings,
	request: RestoreDirectoryRequest,
): Promise<RestoreDirectoryOutcome> {
	const started = context.clock.monotonic();
	const where = { type: 'process' } as const;
	const { record, key } = await chooseRecord(
		context,
		where,
		repository,
		request.selection,
		request.allowUnsigned,
	);
	const sources = chooseSources(record, request.volumes);
	const directory = resolve(request.to);
	const work = {
		job: {
			verb: 'restore',
			...jobOf(request),
			mode: 'directory',
			targets: sources.map((source) => ({ source, path: `${directory}/${source}` })),
		},
		role: 'extract',
		labelledJob: record.job,
	} as const;
	const report = await runJob(context, where, repository, work, (session) =>
		extractInto(session, { record, key }),
	);
	return {
		record,
		directory,
		volumes: sources,
		...report,
		durationMs: Math.round(context.clock.monotonic() - started),
	};
}
