/** Probe: whether the repository can be listed and, where asked, written, read back and deleted. */
import { BackupError } from '../../protocol/errors';
import type { ProbeJob } from '../../protocol/job';
import type { Engine } from '../environment';
import { meetRepository } from './meet';

export async function probe(job: ProbeJob, engine: Engine): Promise<void> {
	const { conversation, storage, random } = engine;
	await meetRepository(engine);
	if (job.write) {
		const token = random.bytes(16).toString('hex');
		const key = `probe-${token}`;
		try {
			await storage.put(key, Buffer.from(token), conversation.signal);
			const read = (await storage.read(key, 64, conversation.signal)).toString();
			if (read !== token)
				throw new BackupError(
					'storage_failed',
					`${storage.description} gave back other bytes than were written`,
				);
		} finally {
			await storage.delete(key);
		}
	}
	conversation.say({ event: 'done', entries: 0, bytes: 0 });
}
