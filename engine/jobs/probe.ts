/**
 * Probe: whether the repository can be listed and, where asked, written, read back and deleted. Credentials
 * that may not delete are fine for backups: that is a warning (`probe_kept`), and the probe stays.
 */
import { BackupError, joinErrors } from '../../protocol/errors';
import type { ProbeJob } from '../../protocol/job';
import type { Engine } from '../environment';
import { probeKeyOf } from '../repository/layout';
import type { Storage } from '../repository/storage';
import { meetRepository } from './meet';

export async function probe(job: ProbeJob, engine: Engine): Promise<void> {
	const { conversation, storage, random } = engine;
	await meetRepository(engine);
	if (job.write) {
		const token = random.bytes(16);
		const key = probeKeyOf(token);
		const isDeleted = await writeReadDelete(storage, key, token, conversation.signal);
		if (!isDeleted) {
			const message = `${storage.description} can be read and written, but not deleted from`;
			conversation.say({ event: 'warning', code: 'probe_kept', message, path: key });
		}
	}
	conversation.say({ event: 'done', entries: 0, bytes: 0 });
}

/** False when everything but the deletion was allowed. */
async function writeReadDelete(
	storage: Storage,
	key: string,
	token: Buffer,
	signal: AbortSignal,
): Promise<boolean> {
	// A refused write has left nothing to delete.
	await storage.put(key, Buffer.from(token.toString('hex')), signal);
	let failure: unknown;
	try {
		const read = (await storage.read(key, 64, signal)).toString();
		if (read === token.toString('hex')) return await isDeleted(storage, key);
		failure = new BackupError(
			'storage_failed',
			`${storage.description} gave back other bytes than were written`,
		);
	} catch (error) {
		failure = error;
	}
	throw joinErrors(
		failure,
		await isDeleted(storage, key).then(
			() => undefined,
			(error: unknown) => error,
		),
	);
}

/** Without a signal: a test that is cancelled still tidies up. */
async function isDeleted(storage: Storage, key: string): Promise<boolean> {
	try {
		await storage.delete(key);
		return true;
	} catch (error) {
		const isRefused =
			error instanceof BackupError && ['repository_unwritable', 'object_locked'].includes(error.code);
		if (isRefused) return false;
		throw error;
	}
}
