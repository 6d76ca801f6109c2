/** Two runs that begin in one empty location at once: both meet the same repository. */
import type { Engine } from '../../../../engine/environment';
import { meetRepository } from '../../../../engine/jobs/meet';
import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import type { Storage } from '../../../../engine/repository/storage';
import { inProcess } from '../../../engine/in-process';
import type { RepositorySettings } from '../../../../operations/settings';

const repository: RepositorySettings = {
	location: { type: 'directory', path: '/nowhere' },
	secret: null,
	previousSecrets: [],
	mayCreate: true,
	id: null,
};

const meet = async (engine: Engine): Promise<void> => void (await meetRepository(engine));

test('made by another run between the look for its document and the look whether anything is there', async () => {
	const storage = createMemoryStorage();
	let raced = false;
	const racing: Storage = {
		...storage,
		async *list(prefix, signal, after) {
			if (!raced) {
				raced = true;
				await inProcess(meet, storage, repository, () => Promise.resolve());
				await storage.put('locks/nightly/1.json', Buffer.from('{}'));
			}
			yield* storage.list(prefix, signal, after);
		},
	};
	const created = await inProcess(meet, racing, repository, (_session, introduced) =>
		Promise.resolve(introduced.repositoryCreated),
	);
	expect({ raced, created }).toEqual({ raced: true, created: false });
});

test('files that belong to no repository are not taken for one', async () => {
	const storage = createMemoryStorage();
	await storage.put('photos/1', Buffer.from('x'));
	await expect(inProcess(meet, storage, repository, () => Promise.resolve())).rejects.toMatchObject({
		code: 'repository_not_empty',
	});
});
