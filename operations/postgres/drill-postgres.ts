/**
 * Drill: proves that a dump can be restored, by restoring it. The archive is checked whole, and fed to the pg_restore of
 * a throwaway server (drill-server.ts); then the tables are compared with what the dump recorded, and the request's
 * statements run. What is wrong with the archive or its content is a result; only what prevents the look throws:
 * `record_not_found`, `record_unsigned`, `record_forged`, `archive_kind_mismatch`, keys, `image_not_found`,
 * `database_version_mismatch`, `postgres_not_found`, `timed_out`, and what `stream-archive.ts` and the Docker host throw.
 */
import type { DockerHost } from '../../docker/api';
import type { PostgresDescription } from '../../protocol/description';
import { BackupError } from '../../protocol/errors';
import type { DrillCheckResult } from '../../protocol/fact';
import type { BackupRecord } from '../../protocol/record';
import type { StoredEntry } from '../catalog-entry';
import { withDocker } from '../executor';
import { readCatalog } from '../list-records';
import { evidenceOf, noteEvidence } from '../note-evidence';
import { filterOf, requireRestorable } from '../select';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import { streamArchive, type StreamedArchive } from '../stream-archive';
import { drillDump } from './drill-dump';
import { findDrillImage } from './drill-image';
import { isBrokenArchive } from './drill-look';
import type { DrillOutcome, DrillRequest } from './requests';
import { selectDump } from './series';

export async function drillPostgres(
	context: OperationContext,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	request: DrillRequest,
): Promise<DrillOutcome> {
	const started = context.clock.monotonic();
	const where = { type: 'runner', host: hostSettings } as const;
	requireSound(request);
	const { record, trust } = await choose(context, hostSettings, repository, request);
	const { image, checks: seen } = await withDocker(hostSettings.endpoint, (host) =>
		drill(context, host, hostSettings, repository, record, request),
	);
	const durationMs = Math.round(context.clock.monotonic() - started);
	const pass = seen.every((check) => check.pass);
	const evidence = evidenceOf({ level: 'drill', pass, durationMs }, seen);
	const { at, notKept } = request.keepEvidence
		? await noteEvidence(context, where, repository, record.id, evidence)
		: { at: null, notKept: 'it was not asked for' };
	return {
		record,
		trust,
		id: record.id,
		pass,
		checks: evidence.checks,
		checksOmitted: evidence.checksOmitted,
		image,
		durationMs,
		at: at ?? new Date(context.clock.now()).toISOString(),
		evidenceNotKept: notKept,
	};
}

interface Seen {
	/** Null: the archive was found broken before one was needed. */
	readonly image: string | null;
	readonly checks: readonly DrillCheckResult[];
}

const whole = { name: 'archive', expected: 'whole and unchanged' } as const;

async function drill(
	context: OperationContext,
	host: DockerHost,
	hostSettings: HostSettings,
	repository: RepositorySettings,
	{ id }: Pick<BackupRecord, 'id'>,
	request: DrillRequest,
): Promise<Seen> {
	const where = { type: 'runner', host: hostSettings } as const;
	const wanted = {
		selection: { by: 'id', id },
		allowUnsigned: request.allowUnsigned,
		kinds: ['postgres'],
	} as const;
	let image: string | null = request.image;
	try {
		return await streamArchive(context, where, repository, wanted, async (archive, content) => {
			const { record } = archive;
			const description = requireDatabase(archive);
			image = await findDrillImage(host, request.image, description, context);
			const dump = { context, host, image, record, description, request };
			const checks = await drillDump({ ...dump, content: content() });
			return { image, checks: [{ ...whole, pass: true, actual: whole.expected }, ...checks] };
		});
	} catch (error) {
		if (!isBrokenArchive(error)) throw error;
		return { image, checks: [{ ...whole, pass: false, actual: error.message }] };
	}
}

async function choose(
	context: OperationContext,
	host: HostSettings,
	repository: RepositorySettings,
	{ selection, allowUnsigned }: DrillRequest,
): Promise<StoredEntry> {
	const where = { type: 'runner', host } as const;
	const { entries, keyring } = await readCatalog(context, where, repository, filterOf(selection));
	const entry = selectDump(entries, selection, keyring);
	requireRestorable(entry, keyring, allowUnsigned);
	return entry;
}

function requireDatabase({ record, description }: StreamedArchive): PostgresDescription {
	if (description?.type === 'postgres-database') return description;
	const what =
		description?.type === 'postgres-globals' ? 'holds the globals of a server' : 'describes nothing';
	throw new BackupError('archive_kind_mismatch', `${record.id} ${what}, and a drill restores a database`, {
		hint: 'Choose the dump of a database.',
	});
}

function requireSound({ totalLimitMs, checks }: DrillRequest): void {
	if (!(totalLimitMs > 0 && totalLimitMs < 2 ** 31)) {
		throw new BackupError('invalid_parameter', `a drill can't be limited to ${totalLimitMs} ms`, {
			hint: 'Give it up to 24 days.',
		});
	}
	if (checks.some(({ statement }) => statement.trim() === '')) {
		throw new BackupError('invalid_parameter', 'a check of the drill has no statement', {
			hint: 'Write one SQL statement that gives one value, or leave the check out.',
		});
	}
}
