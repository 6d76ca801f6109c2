/** Link: where the storage can sign one, a link by which anybody can download one archive for a time. */
import { basename } from 'node:path/posix';
import { BackupError } from '../../protocol/errors';
import { parseGoFrame, type LinkJob } from '../../protocol/job';
import type { Engine } from '../environment';
import { fileOf } from '../pipeline/record-files';
import { openArchive } from '../repository/open-archive';
import { tellRecords } from './list';
import { meetRepository } from './meet';

export async function link(job: LinkJob, engine: Engine): Promise<void> {
	const { conversation, storage, clock } = engine;
	const { signal } = conversation;
	await meetRepository(engine);
	await tellRecords({ job: null, id: job.id }, engine);
	conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
	const [archive] = parseGoFrame(await conversation.receive('go')).archives;
	if (archive?.record.id !== job.id)
		throw new BackupError('protocol_violation', 'no archive to link to came');
	if (!storage.link) {
		throw new BackupError('invalid_parameter', `${storage.description} can't make links`, {
			hint: 'Links are for S3 repositories; download the archive instead.',
		});
	}
	const file = fileOf(archive.record, 'archive');
	// A link that leads nowhere would be found out by its reader only.
	await openArchive(storage, file, signal);
	const { expiresInSeconds } = job;
	// The time is taken before: the link never ends earlier than it says.
	const expiresAt = new Date(clock.now() + expiresInSeconds * 1000).toISOString();
	const url = await storage.link(file.path, { expiresInSeconds, fileName: basename(file.path) }, signal);
	conversation.say({ event: 'link', url, expiresAt });
	conversation.say({ event: 'done', entries: 0, bytes: 0 });
}
