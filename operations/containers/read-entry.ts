/** One small file of an archive, checked. Throws as the engine's `entry`. */
import { emptyGo } from '../../protocol/job';
import { receiveEntries } from '../list-records';
import type { ChosenArchive } from '../restore-way';
import { runJob } from '../run-job';
import type { OperationContext, RepositorySettings, Where } from '../settings';

export async function readArchiveEntry(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	archive: ChosenArchive,
	path: string,
): Promise<Buffer> {
	const { id, job } = archive.record;
	const work = { job: { verb: 'entry', id, path }, role: 'repository', labelledJob: job } as const;
	return await runJob(context, where, repository, work, async (session, { keyring }) => {
		await receiveEntries(session, 'ready', keyring);
		session.send('go', { ...emptyGo, archives: [archive] });
		const { content } = await session.next('entry');
		await session.next('done');
		return Buffer.from(content, 'base64');
	});
}
