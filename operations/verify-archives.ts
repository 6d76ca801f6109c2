/**
 * Verify: re-read what a record promises and compare. `checksum`: size and SHA-256 of the stored files.
 * `deep`: besides, every segment authenticated, every frame decompressed, every entry compared with the
 * index. A wrong archive is a result with `ok: false`; only what prevents the look itself throws.
 */
import type { VerifyResult } from '../protocol/events';
import { toBackupError, type BackupError } from '../protocol/errors';
import { emptyGo, type GoFrame } from '../protocol/job';
import type { BackupRecord } from '../protocol/record';
import type { StoredEntry } from './catalog-entry';
import type { Keyring } from './keyring';
import { receiveEntries } from './list-records';
import { runJob } from './run-job';
import { filterOf, requireRestorable, selectEntries, type Selection } from './select';
import type { OperationContext, RepositorySettings, Where } from './settings';

export interface VerifyRequest {
	readonly selection: Selection;
	readonly level: GoFrame['level'];
}

export interface Verification extends VerifyResult {
	readonly record: BackupRecord;
	readonly trust: StoredEntry['trust'];
	readonly at: string;
}

export async function verifyArchives(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	{ selection, level }: VerifyRequest,
): Promise<Verification[]> {
	const filter = filterOf(selection);
	const work = { job: { verb: 'verify', ...filter }, role: 'repository', labelledJob: filter.job } as const;
	return await runJob(context, where, repository, work, async (session, { keyring }) => {
		const entries = selectEntries(await receiveEntries(session, 'ready', keyring), selection, keyring);
		const checked = await Promise.all(entries.map((entry) => prepare(entry, keyring, level)));
		session.send('go', {
			...emptyGo,
			level,
			archives: checked.flatMap((entry) => (entry.refusal ? [] : [{ record: entry.record, key: entry.key }])),
		});
		const verifications: Verification[] = [];
		for (const { record, trust, refusal } of checked) {
			const result = refusal ? refused(record, level, refusal) : await session.next('verified');
			const { id, ok, checksum, error, bytesRead, entries: count, durationMs } = result;
			const at = new Date(context.clock.now()).toISOString();
			verifications.push({
				id,
				ok,
				level,
				checksum,
				error,
				bytesRead,
				entries: count,
				durationMs,
				record,
				trust,
				at,
			});
		}
		await session.next('done');
		return verifications;
	});
}

interface Prepared {
	readonly record: BackupRecord;
	readonly trust: StoredEntry['trust'];
	readonly key: string | null;
	/** Why the engine need not look: the record itself can't be believed, or its key is not here. */
	readonly refusal: BackupError | null;
}

async function prepare(entry: StoredEntry, keyring: Keyring, level: GoFrame['level']): Promise<Prepared> {
	const { record, trust } = entry;
	try {
		requireRestorable(entry, keyring, false);
		return { record, trust, key: level === 'deep' ? await keyring.keyOf(record) : null, refusal: null };
	} catch (error) {
		return { record, trust, key: null, refusal: toBackupError(error) };
	}
}

function refused(record: BackupRecord, level: GoFrame['level'], error: BackupError): VerifyResult {
	const { code, message, hint } = error;
	return {
		id: record.id,
		ok: false,
		level,
		checksum: null,
		error: { code, message, hint: hint ?? null },
		bytesRead: 0,
		entries: null,
		durationMs: 0,
	};
}
