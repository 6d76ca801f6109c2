/** Entry: one small file of an archive, checked, as an event. */
import { BackupError } from '../../protocol/errors';
import type { EntryJob } from '../../protocol/job';
import type { Engine } from '../environment';

export async function readEntry(job: EntryJob, _engine: Engine): Promise<void> {
	await Promise.reject(new BackupError('unexpected', `not written yet: ${job.path}`));
}
