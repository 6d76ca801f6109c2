/** What becomes of an archive without entries that was changed, and of one where files are wanted, or the reverse. */
import { browse } from '../../../../engine/jobs/browse';
import { compare } from '../../../../engine/jobs/compare';
import { restore } from '../../../../engine/jobs/restore';
import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import type { Storage } from '../../../../engine/repository/storage';
import type { Engine } from '../../../../engine/environment';
import { receiveEntries } from '../../../../operations/list-records';
import { emptyGo } from '../../../../protocol/job';
import type { BackupRecord } from '../../../../protocol/record';
import { makeBackup, rawSecret, settingsFor } from '../../../engine/backups';
import { inProcess } from '../../../engine/in-process';
import { contentOf, feedBackup, producing, streamOut, verifyDeep } from '../../../engine/streamed';
import { scratchDirectories } from '../../../fakes/directories';

const newDirectory = scratchDirectories();
const location = { type: 'directory', path: '/nowhere' } as const;
const encrypted = settingsFor(location, rawSecret());
const plain = settingsFor(location, null);
const job = 'nightly';
const content = contentOf(2_500_000);

async function archive(repository = encrypted): Promise<{ storage: Storage; record: BackupRecord }> {
	const storage = createMemoryStorage();
	const [record] = await feedBackup(storage, repository, { job, seconds: [1], produce: producing(content) });
	if (record?.status !== 'success') throw new Error('the backup failed');
	return { storage, record };
}

/** The same storage, in which one byte of one object is another. */
function flipped(storage: Storage, path: string, at: number): Storage {
	return {
		...storage,
		async *get(key, range, signal) {
			let offset = range?.offset ?? 0;
			for await (const chunk of storage.get(key, range, signal)) {
				const copy = Buffer.from(chunk);
				const place = at - offset;
				if (key === path && place >= 0 && place < copy.length)
					copy.writeUInt8(copy.readUInt8(place) ^ 1, place);
				offset += chunk.length;
				yield copy;
			}
		},
	};
}

describe.each([
	['encrypted', encrypted],
	['plain', plain],
])('%s', (_what, repository) => {
	test.each([
		['archive', 0],
		['archive', 100],
		['archive', 0.5],
		['archive', -1],
		['index', 0.5],
		['index', -1],
	] as const)(
		'a flipped bit of the %s, at %d, is found by a deep look, and before a byte goes out',
		async (role, at) => {
			const { storage, record } = await archive(repository);
			const file = record.files.find((candidate) => candidate.role === role)!;
			const place = at < 0 ? file.size + at : at < 1 ? Math.floor(file.size * at) : at;
			const changed = flipped(storage, file.path, place);
			const result = await verifyDeep(changed, repository, record);
			expect(result).toMatchObject({ ok: false, checksum: null });
			let sent = 0;
			const streaming = streamOut(changed, repository, record, { sent: (bytes) => (sent += bytes) });
			await expect(streaming).rejects.toMatchObject({ code: result.error?.code });
			expect(sent).toBe(0);
		},
	);

	test.each([
		['another checksum of the content', { contentChecksum: 'ab'.repeat(32) }, 'index_mismatch'],
		['none', { contentChecksum: null }, 'record_malformed'],
		['another size of the content', { contentBytes: 1 }, 'index_mismatch'],
	])('a record with %s does not fit', async (_name, changes, code) => {
		const { storage, record } = await archive(repository);
		const other = { ...record, ...changes };
		expect(await verifyDeep(storage, repository, other)).toMatchObject({ ok: false, error: { code } });
		await expect(streamOut(storage, repository, other)).rejects.toMatchObject({ code });
	});

	test('a record without its description does not fit', async () => {
		const { storage, record } = await archive(repository);
		const other = { ...record, files: record.files.filter(({ role }) => role === 'archive') };
		expect(await verifyDeep(storage, repository, other)).toMatchObject({
			ok: false,
			error: { code: 'record_malformed' },
		});
	});
});

test('what is changed after the check is found too, though late', async () => {
	const { storage, record } = await archive(plain);
	const changed = flipped(storage, record.filePath ?? '', 1000);
	let opened = 0;
	const later: Storage = {
		...storage,
		get: (key, range, signal) =>
			key === record.filePath && ++opened > 1
				? changed.get(key, range, signal)
				: storage.get(key, range, signal),
	};
	await expect(streamOut(later, plain, record)).rejects.toMatchObject({ code: 'archive_malformed' });
	expect(opened).toBe(2);
});

test('nothing is sent to who only wants to know', async () => {
	const { storage, record } = await archive();
	expect((await streamOut(storage, encrypted, record, { send: false })).content).toHaveLength(0);
});

describe('kinds that do not fit', () => {
	const base = { version: 1, runId: 'run-x', location, scratch: null } as const;

	async function run(
		work: (engine: Engine) => Promise<void>,
		storage: Storage,
		record: BackupRecord,
		shows: boolean,
	) {
		return await inProcess(work, storage, encrypted, async (session, { keyring }) => {
			if (shows) await receiveEntries(session, 'ready', keyring);
			else await session.next('ready');
			const archives = [{ record, key: await keyring.keyOf(record) }];
			session.send('go', { ...emptyGo, archives });
			return await session.next('done', 'plan');
		});
	}

	test('no files are wanted of a dump', async () => {
		const { storage, record } = await archive();
		const mismatch = {
			code: 'archive_kind_mismatch',
			message: `${record.id} is a postgres archive, which holds no files and folders`,
			hint: expect.stringContaining('pg_restore') as unknown,
		};
		const { id } = record;
		const look = { ...base, id, volumes: [], under: '', patterns: [], offset: 0, limit: null };
		await expect(
			run((engine) => browse({ ...look, verb: 'browse' }, engine), storage, record, true),
		).rejects.toMatchObject(mismatch);
		const sides = { ...base, id, other: null, sources: [], exclude: [] };
		await expect(
			run((engine) => compare({ ...sides, verb: 'compare' }, engine), storage, record, true),
		).rejects.toMatchObject(mismatch);
		const target = { source: 'db1', path: newDirectory() };
		const into = {
			...base,
			mode: 'directory',
			targets: [target],
			paths: [],
			into: '',
			over: 'empty',
			salvage: false,
			dryRun: false,
		} as const;
		await expect(
			run((engine) => restore({ ...into, verb: 'restore' }, engine), storage, record, false),
		).rejects.toMatchObject(mismatch);
		await expect(
			run((engine) => restore({ ...into, verb: 'restore', salvage: true }, engine), storage, record, false),
		).rejects.toMatchObject(mismatch);
	});

	test('no content is wanted of volumes', async () => {
		const storage = createMemoryStorage();
		const record = await makeBackup(storage, encrypted, { job, second: 1, scratch: newDirectory() });
		await expect(streamOut(storage, encrypted, record)).rejects.toMatchObject({
			code: 'archive_kind_mismatch',
		});
	});
});
