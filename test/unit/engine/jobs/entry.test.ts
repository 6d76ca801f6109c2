/** Documents beside the volumes of a container's archive: written, verified, browsed, and read one by one. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { archiveKey, formatRecord } from '../../../../engine/index';
import { backUp } from '../../../../engine/jobs/backup';
import { browse } from '../../../../engine/jobs/browse';
import { entryBytesMax, readEntry } from '../../../../engine/jobs/entry';
import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import type { Storage } from '../../../../engine/repository/storage';
import { preScan } from '../../../../engine/sources/pre-scan';
import { readVolumes } from '../../../../engine/sources/volumes';
import { receiveEntries } from '../../../../operations/list-records';
import type { ArchiveEntry } from '../../../../protocol/events';
import { emptyGo, type ArchivePlan, type Compression, type Document } from '../../../../protocol/job';
import type { BackupRecord } from '../../../../protocol/record';
import { idOf, rawSecret, settingsFor } from '../../../engine/backups';
import { inProcess } from '../../../engine/in-process';
import { verifyDeep } from '../../../engine/streamed';
import { scratchDirectories } from '../../../fakes/directories';

const newDirectory = scratchDirectories();
const location = { type: 'directory', path: '/nowhere' } as const;
const encrypted = settingsFor(location, rawSecret());
const plain = settingsFor(location, null);
const inspect = { path: 'containers/web/inspect.json', text: '{"Größe": 1}\n' };

function planOf(volumes: readonly string[], documents: readonly Document[]): ArchivePlan {
	const scratch = newDirectory();
	const sources = volumes.map((name) => {
		const path = join(scratch, 'volumes', name);
		mkdirSync(path, { recursive: true });
		writeFileSync(join(path, 'inspect.json'), `of ${name}`);
		return { type: 'volume', name, path } as const;
	});
	return {
		id: idOf('nightly', 1),
		archiveId: '01'.repeat(16),
		series: 'container:web',
		kind: 'container',
		sources: [{ type: 'container', name: 'web', path: '' }, ...sources],
		documents,
		expectedBytes: null,
	};
}

async function archive(
	storage: Storage,
	repository: typeof plain,
	plan: ArchivePlan,
	exclude: readonly string[] = [],
	compression: Compression = { algorithm: 'zstd', level: 1 },
): Promise<BackupRecord> {
	const { id, archiveId } = plan;
	return await inProcess(
		(engine) =>
			backUp(
				{
					version: 1,
					verb: 'backup',
					runId: 'run',
					location,
					scratch: null,
					job: 'nightly',
					host: 'test',
					archives: [plan],
					exclude,
					compression,
					encrypt: repository.secret !== null,
					lockWaitMs: 0,
					quiesced: false,
					busyLimitMs: 0,
				},
				engine,
			),
		storage,
		repository,
		async (session, { keyring }) => {
			await session.next('ready');
			session.send('go', emptyGo);
			await session.next('source-read');
			const { record } = await session.next('sealed');
			session.send('commit', { id, recordText: formatRecord(record, keyring.current?.signer ?? null) });
			await session.next('stored');
			await session.next('done');
			return record;
		},
		({ current }) => ({
			kdf: current?.kdf ?? null,
			keyId: current?.keyId ?? null,
			keys: current ? [{ id, key: archiveKey(current.master, archiveId).toString('base64') }] : [],
		}),
	);
}

const base = { version: 1, runId: 'run', location, scratch: null } as const;

async function entryOf(storage: Storage, repository: typeof plain, { id }: BackupRecord, path: string) {
	return await inProcess(
		(engine) => readEntry({ ...base, verb: 'entry', id, path }, engine),
		storage,
		repository,
		async (session, { keyring }) => {
			await receiveEntries(session, 'ready', keyring);
			const record = await recordOf(storage, id);
			session.send('go', { ...emptyGo, archives: [{ record, key: await keyring.keyOf(record) }] });
			const { content } = await session.next('entry');
			await session.next('done');
			return Buffer.from(content, 'base64').toString();
		},
	);
}

async function recordOf(storage: Storage, id: string): Promise<BackupRecord> {
	const chunks: Buffer[] = [];
	const { signal } = new AbortController();
	for await (const chunk of storage.get(`jobs/nightly/${id}.json`, undefined, signal)) chunks.push(chunk);
	return JSON.parse(Buffer.concat(chunks).toString().split('\n')[0] ?? '') as BackupRecord;
}

async function shownOf(storage: Storage, repository: typeof plain, record: BackupRecord) {
	const { id } = record;
	return await inProcess(
		(engine) =>
			browse(
				{ ...base, verb: 'browse', id, volumes: [], under: '', patterns: [], offset: 0, limit: null },
				engine,
			),
		storage,
		repository,
		async (session, { keyring }) => {
			await receiveEntries(session, 'ready', keyring);
			session.send('go', { ...emptyGo, archives: [{ record, key: await keyring.keyOf(record) }] });
			const entries: ArchiveEntry[] = [];
			for (;;) {
				const event = await session.next('entries', 'done');
				if (event.event === 'done') return entries.map(({ volume, path }) => `${volume}:${path}`);
				entries.push(...event.entries);
			}
		},
	);
}

describe.each([
	['encrypted', encrypted],
	['plain', plain],
])('%s', (_what, repository) => {
	test('documents come first, are verified and browsed, and are read alone', async () => {
		const storage = createMemoryStorage();
		const record = await archive(storage, repository, planOf(['data', 'Logs'], [inspect]));
		expect(await verifyDeep(storage, repository, record)).toMatchObject({ ok: true, error: null });
		expect(await shownOf(storage, repository, record)).toEqual([
			':containers',
			':containers/web',
			':containers/web/inspect.json',
			'Logs:',
			'Logs:inspect.json',
			'data:',
			'data:inspect.json',
		]);
		expect(await entryOf(storage, repository, record, inspect.path)).toBe(inspect.text);
		expect(await entryOf(storage, repository, record, 'volumes/data/inspect.json')).toBe('of data');
	});
});

test('a pattern that leaves files of volumes out does not touch documents', async () => {
	const storage = createMemoryStorage();
	const record = await archive(storage, plain, planOf(['data'], [inspect]), ['*.json', '/inspect.json']);
	expect(await entryOf(storage, plain, record, inspect.path)).toBe(inspect.text);
	await expect(entryOf(storage, plain, record, 'volumes/data/inspect.json')).rejects.toMatchObject({
		code: 'source_missing',
	});
});

test('an archive may hold a document and nothing else', async () => {
	const storage = createMemoryStorage();
	const record = await archive(storage, encrypted, planOf([], [inspect]));
	expect(record).toMatchObject({ entries: 3, sources: [{ type: 'container', name: 'web' }], warnings: [] });
	expect(await verifyDeep(storage, encrypted, record)).toMatchObject({ ok: true });
	expect(await entryOf(storage, encrypted, record, inspect.path)).toBe(inspect.text);
});

test.each([0, 1, 511, 512, 513, entryBytesMax])('a file of %d bytes is read whole', async (size) => {
	const storage = createMemoryStorage();
	const document = { path: 'containers/a/b', text: 'x'.repeat(size) };
	const record = await archive(storage, plain, planOf([], [document]));
	expect(await entryOf(storage, plain, record, document.path)).toBe(document.text);
});

test('what is larger, or no file, is refused', async () => {
	const storage = createMemoryStorage();
	const document = { path: 'containers/a/b', text: 'x'.repeat(entryBytesMax + 1) };
	const record = await archive(storage, plain, planOf([], [document]));
	for (const path of ['containers/a/b', 'containers/a'])
		await expect(entryOf(storage, plain, record, path)).rejects.toMatchObject({ code: 'invalid_parameter' });
	await expect(entryOf(storage, plain, record, 'containers/c')).rejects.toMatchObject({
		code: 'source_missing',
	});
});

test('a changed byte of an unencrypted archive is found', async () => {
	const storage = createMemoryStorage();
	const work = planOf([], [{ path: 'containers/a/b', text: 'x'.repeat(100) }]);
	const record = await archive(storage, plain, work, [], { algorithm: 'none', level: null });
	const changed: Storage = {
		...storage,
		async *get(key, range, signal) {
			for await (const chunk of storage.get(key, range, signal)) {
				const at = chunk.indexOf('xxxxxxxx');
				const copy = Buffer.from(chunk);
				if (key === record.filePath && at >= 0) copy.write('y', at);
				yield copy;
			}
		},
	};
	await expect(entryOf(changed, plain, record, 'containers/a/b')).rejects.toMatchObject({
		code: 'index_mismatch',
	});
});

test('plain tar extracts them, for root alone; they are measured, too', async () => {
	const { signal } = new AbortController();
	const plan = planOf(['data'], [inspect]);
	const chunks: Buffer[] = [];
	const options = {
		exclude: [],
		markerKey: null,
		signal,
		onEntry: () => undefined,
		onWarning: () => undefined,
	};
	for await (const chunk of readVolumes(plan, options)) chunks.push(chunk);
	const tar = Buffer.concat(chunks);
	const names = execFileSync('tar', ['-tvf', '-'], { input: tar }).toString().split('\n');
	expect(names.find((line) => line.includes(inspect.path))).toMatch(/^-rw-------/);
	expect(execFileSync('tar', ['-xOf', '-', inspect.path], { input: tar }).toString()).toBe(inspect.text);
	expect(await preScan(plan, [], signal)).toBeGreaterThanOrEqual(tar.length);
});

test.each(['volumes/x', 'containers', 'containers/../x', '/containers/x', 'containers//x'])(
	'a document at %s is refused',
	async (path) => {
		const failing = archive(createMemoryStorage(), plain, planOf([], [{ path, text: '' }]));
		await expect(failing).rejects.toMatchObject({ message: expect.stringContaining('failed') as string });
	},
);
