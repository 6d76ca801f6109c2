/**
 * Adopt: a record for an archive that has none, such as one that was put there by hand, or whose record was lost.
 * The engine reads all of it before it is believed; the record says that it was adopted, and never is the newest.
 */
import { formatRecord, parseHeader, unlockArchive, type Secret } from '../engine/index';
import { BackupError } from '../protocol/errors';
import { parseArchiveId, parseJobName } from '../protocol/names';
import type { BackupRecord } from '../protocol/record';
import { hostNameOf } from './host-name';
import { noKeys, type KeysOfRun } from './introduce';
import { runJob } from './run-job';
import type { OperationContext, RepositorySettings, Where } from './settings';

export interface AdoptRequest {
	readonly job: string;
	readonly id: string;
	/** How long to wait for a run of the same job to end; 0 refuses at once. */
	readonly lockWaitMs: number;
}

export async function adoptArchive(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	request: AdoptRequest,
): Promise<BackupRecord> {
	const job = parseJobName(request.job);
	const id = parseArchiveId(request.id);
	const host = await hostNameOf(where, context.signal);
	const work = {
		job: { verb: 'adopt', job, id, host, lockWaitMs: request.lockWaitMs },
		role: 'repository',
		writesRepository: true,
		labelledJob: job,
	} as const;
	const existing = { ...repository, mayCreate: false };
	return await runJob(context, where, existing, work, async (session, { keyring }) => {
		if (keyring.current === null && keyring.publicKeys.length > 0) {
			throw new BackupError('key_missing', `the record of ${id} must be signed with this repository's key`, {
				hint: 'Set the encryption key or passphrase in the Backup Repository credential (CLI: --key-file or --passphrase-file).',
			});
		}
		const { key, header } = await session.next('unlisted');
		session.send('keys', { create: null, ...(await keysFor(id, key, header, secretsOf(repository))) });
		const sealed = await session.next('sealed');
		const record: BackupRecord = { ...sealed.record, workflow: context.workflow };
		session.send('commit', { id, recordText: formatRecord(record, keyring.current?.signer ?? null) });
		await session.next('stored');
		await session.next('done');
		return record;
	});
}

/** The archive's header says how its key is derived; nothing else need be known of it. */
async function keysFor(
	id: string,
	name: string,
	header: string | null,
	secrets: readonly Secret[],
): Promise<KeysOfRun> {
	if (header === null) return noKeys;
	const { kdf, keyId, ...rest } = parseHeader(Buffer.from(header, 'base64'), name);
	const key = await unlockArchive({ kdf, keyId, ...rest }, secrets, name);
	return { kdf, keyId, keys: [{ id, key: key.toString('base64') }] };
}

function secretsOf({ secret, previousSecrets }: RepositorySettings): Secret[] {
	return secret ? [secret, ...previousSecrets] : [...previousSecrets];
}
