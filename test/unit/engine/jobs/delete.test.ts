import { deleteArchives } from '../../../../engine/jobs/delete';
import { note } from '../../../../engine/jobs/note';
import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import { factKeyOf, recordKeyOf } from '../../../../engine/repository/layout';
import type { Storage } from '../../../../engine/repository/storage';
import { planDeletions, type DeletionPlan } from '../../../../operations/delete-records';
import { stateFact } from '../../../../operations/facts';
import { receiveCatalog } from '../../../../operations/list-records';
import { BackupError } from '../../../../protocol/errors';
import { emptyGo, type DeleteJob } from '../../../../protocol/job';
import type { FactName } from '../../../../protocol/fact';
import { keysOf } from '../../../conformance/storage';
import { scratchDirectories } from '../../../fakes/directories';
import { faultyStorage, type Fault } from '../../../fakes/faulty-storage';
import { idOf, makeBackup, rawSecret, settingsFor } from '../../../engine/backups';
import { inProcess, testContext } from '../../../engine/in-process';

const newDirectory = scratchDirectories();
const repository = settingsFor({ type: 'directory', path: '/nowhere' }, rawSecret());
const job = 'nightly';
const context = testContext();

const base = {
	version: 1,
	runId: 'run-x',
	location: { type: 'directory', path: '/nowhere' },
	scratch: null,
} as const;

/** The keys of one memory storage in another, so that every try starts from the same. */
async function copyOf(storage: Storage): Promise<Storage> {
	const copy = createMemoryStorage();
	for await (const { key } of storage.list('')) await copy.put(key, await storage.read(key, 1 << 24));
	return copy;
}

interface Told {
	readonly plan: DeletionPlan;
	readonly outcomes: readonly { readonly id: string; readonly code: string | null }[];
}

/** Deletes as the operation does; `meanwhile` happens between the decision and its being carried out. */
async function deleteAs(
	storage: Storage,
	ids: readonly string[],
	meanwhile: () => Promise<void> = async () => undefined,
): Promise<Told> {
	const work: DeleteJob = { ...base, verb: 'delete', job, ids, host: 'test', lockWaitMs: 60_000 };
	return await inProcess(
		(engine) => deleteArchives(work, engine),
		storage,
		repository,
		async (session, { keyring }) => {
			const received = await receiveCatalog(session, 'ready', keyring);
			const plan = planDeletions(received, ids, keyring);
			const facts = plan.begin.map(
				({ id, objects }) =>
					stateFact(
						{ name: 'deleted', job, id, reason: '', objects, facts: received.facts },
						keyring,
						context,
					).stored,
			);
			await meanwhile();
			session.send('go', { ...emptyGo, facts, finish: plan.finish, withdraw: plan.withdraw });
			const outcomes: { id: string; code: string | null }[] = [];
			for (;;) {
				const event = await session.next('deleted', 'done');
				if (event.event === 'done') return { plan, outcomes };
				outcomes.push({ id: event.id, code: event.error && event.error.code });
			}
		},
	);
}

async function state(storage: Storage, id: string, name: FactName): Promise<void> {
	await inProcess(
		(engine) => note({ ...base, verb: 'note', id }, engine),
		storage,
		repository,
		async (session, { keyring }) => {
			const { facts } = await receiveCatalog(session, 'ready', keyring);
			const { stored } = stateFact({ name, job, id, reason: 'audit', facts }, keyring, context);
			session.send('go', { ...emptyGo, facts: [stored] });
			await session.next('noted');
			await session.next('done');
		},
	);
}

const ofId = async (storage: Storage, id: string): Promise<string[]> =>
	(await keysOf(storage, '')).filter((key) => key.startsWith(`jobs/${job}/${id}.`));

/** A success of which a byte is missing must never be shown. */
async function requireNoHollowRecord(storage: Storage): Promise<void> {
	const keys = await keysOf(storage, '');
	for (const key of keys.filter((candidate) => /-[0-9a-f]{4}\.json$/.test(candidate))) {
		const own = keys.filter((candidate) => candidate.startsWith(key.replace(/json$/, '')));
		expect(own.some((candidate) => candidate.endsWith('.tar.zst.enc'))).toBe(true);
		expect(own.some((candidate) => candidate.endsWith('.index.zst.enc'))).toBe(true);
	}
}

let full: Storage;
beforeAll(async () => {
	full = createMemoryStorage();
	const scratch = newDirectory();
	for (const second of [1, 2, 3]) await makeBackup(full, repository, { job, second, scratch });
});

test('deletes what belongs to an id, all of it and nothing else', async () => {
	const storage = await copyOf(full);
	await state(storage, idOf(job, 1), 'hold');
	await state(storage, idOf(job, 1), 'release');
	const { outcomes } = await deleteAs(storage, [idOf(job, 1), idOf(job, 3), idOf(job, 9)]);
	expect(outcomes).toEqual([
		{ id: idOf(job, 1), code: null },
		{ id: idOf(job, 3), code: null },
	]);
	expect(await ofId(storage, idOf(job, 1))).toEqual([]);
	expect(await ofId(storage, idOf(job, 3))).toEqual([]);
	expect(await ofId(storage, idOf(job, 2))).toEqual(await ofId(full, idOf(job, 2)));
});

test('nothing to delete: nothing is written, not even a lock', async () => {
	const storage = createMemoryStorage();
	await storage.put('repository.json', await full.read('repository.json', 1 << 20));
	expect((await deleteAs(storage, [idOf(job, 1)])).outcomes).toEqual([]);
	expect(await keysOf(storage, '')).toEqual(['repository.json']);
});

test('a hold refuses; a planted one does not', async () => {
	const storage = await copyOf(full);
	const [held, planted] = [idOf(job, 1), idOf(job, 2)];
	await state(storage, held, 'hold');
	const [fact] = (await ofId(storage, held)).filter((key) => key.includes('.hold.'));
	await storage.put(fact!.replace(held, planted), await storage.read(fact!, 1 << 20));
	const { plan, outcomes } = await deleteAs(storage, [held, planted]);
	expect(plan.refused).toEqual([
		expect.objectContaining({ id: held, error: expect.objectContaining({ code: 'record_held' }) }),
	]);
	expect(outcomes).toEqual([{ id: planted, code: null }]);
	expect(await ofId(storage, held)).toHaveLength(4);
	expect(await ofId(storage, planted)).toEqual([]);
});

test('a hold that comes between the decision and the deletion stops it, and no deletion is left', async () => {
	const storage = await copyOf(full);
	const id = idOf(job, 1);
	const { outcomes } = await deleteAs(storage, [id, idOf(job, 2)], () => state(storage, id, 'hold'));
	expect(outcomes).toEqual([
		{ id, code: 'record_held' },
		{ id: idOf(job, 2), code: null },
	]);
	expect((await ofId(storage, id)).map((key) => key.includes('.deleted.'))).toEqual([
		false,
		false,
		false,
		false,
	]);
});

test('a hold fails once the deletion is stated, and leaves no trace', async () => {
	const storage = await copyOf(full);
	const id = idOf(job, 1);
	const { storage: dying, calls } = faultyStorage(storage, { at: Infinity, when: 'before' });
	// The deletion dies right after its first fact.
	await deleteAs(
		{
			...dying,
			delete: async (key) => {
				if (key.startsWith('jobs/'))
					throw new BackupError('repository_unwritable', `${key} may not be deleted`);
				await storage.delete(key);
			},
		},
		[id],
	);
	expect(calls.some((call) => call.includes('.deleted.'))).toBe(true);
	await expect(state(storage, id, 'hold')).rejects.toMatchObject({ code: 'record_not_found' });
	expect((await ofId(storage, id)).some((key) => key.includes('.hold.'))).toBe(false);
	expect((await deleteAs(storage, [])).outcomes).toEqual([{ id, code: null }]);
	expect(await ofId(storage, id)).toEqual([]);
});

test('a deletion that was begun before a hold is withdrawn', async () => {
	const storage = await copyOf(full);
	const id = idOf(job, 1);
	await state(storage, id, 'hold');
	const ulid = '01KG0000000000000000000000';
	await inProcess(
		(engine) => note({ ...base, verb: 'note', id }, engine),
		storage,
		repository,
		async (session, { keyring }) => {
			await receiveCatalog(session, 'ready', keyring);
			const { stored } = stateFact({ name: 'deleted', job, id, reason: '', facts: [] }, keyring, context);
			await storage.put(factKeyOf(job, id, 'deleted', stored.ulid), Buffer.from(stored.text));
			session.send('go', emptyGo);
			await session.next('done');
		},
	);
	// Nobody vouches for this one.
	await storage.put(factKeyOf(job, idOf(job, 2), 'deleted', ulid), Buffer.from('{}\n{"signature":null}\n'));
	const { plan, outcomes } = await deleteAs(storage, [id]);
	expect(plan).toMatchObject({
		begin: [],
		finish: [],
		withdraw: [{ id }],
		refused: [{ id, deleted: false }],
	});
	expect(outcomes).toEqual([]);
	expect((await ofId(storage, id)).some((key) => key.includes('.deleted.'))).toBe(false);
	expect(await ofId(storage, idOf(job, 2))).toHaveLength(4);
});

test.each(['archive', 'record'] as const)(
	'an %s that the store keeps is told, and deleted later',
	async (what) => {
		const storage = await copyOf(full);
		const id = idOf(job, 1);
		const kept = what === 'record' ? recordKeyOf(job, id) : `jobs/${job}/${id}.tar.zst.enc`;
		const locked: Storage = {
			...storage,
			delete: async (key, signal) => {
				if (key === kept) throw new BackupError('object_locked', `${key} is kept until 2030`);
				await storage.delete(key, signal);
			},
		};
		expect((await deleteAs(locked, [id])).outcomes).toEqual([{ id, code: 'object_locked' }]);
		await requireNoHollowRecord(storage);
		expect((await ofId(storage, id)).length).toBe(what === 'record' ? 4 : 2);
		// Another deletion finishes it, and says so.
		const { plan, outcomes } = await deleteAs(storage, [idOf(job, 2)]);
		expect(plan.finish).toEqual([expect.objectContaining({ id })]);
		expect(outcomes).toEqual([
			{ id, code: null },
			{ id: idOf(job, 2), code: null },
		]);
		expect(await ofId(storage, id)).toEqual([]);
	},
);

describe('killed at any call', () => {
	test.each<Fault['when']>(['before', 'after'])('%s it: the next delete finishes', async (when) => {
		const ids = [idOf(job, 1), idOf(job, 2)];
		const whole = faultyStorage(await copyOf(full), { at: Infinity, when });
		await deleteAs(whole.storage, ids);
		// The calls that belong to the lease and to the introduction have tests of their own.
		const calls = whole.calls.length;
		expect(calls).toBeGreaterThan(20);
		for (let at = 1; at <= calls; at += 1) {
			const storage = await copyOf(full);
			const faulty = faultyStorage(storage, { at, when });
			await deleteAs(faulty.storage, ids).catch((error: unknown) => {
				if (!(error instanceof BackupError)) throw error;
			});
			await requireNoHollowRecord(storage);
			// What a dead run leaves of its lease would only cost time here.
			for await (const { key } of storage.list('locks/')) await storage.delete(key);
			await deleteAs(storage, ids);
			for (const id of ids) expect(await ofId(storage, id)).toEqual([]);
			expect(await ofId(storage, idOf(job, 3))).toHaveLength(3);
		}
	});
});
