/**
 * The order in which a copy writes, with a death at each call of the target: a listing never shows a record
 * without its bytes, nothing half-written stays, and the next copy makes it whole.
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markerKeyOf, recordKeyOf } from '../../../../engine/repository/layout';
import { createLocalStorage } from '../../../../engine/repository/local-storage';
import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import { listRecordTexts, splitRecord } from '../../../../engine/repository/records';
import type { Storage } from '../../../../engine/repository/storage';
import { BackupError } from '../../../../protocol/errors';
import { collect, keysOf } from '../../../conformance/storage';
import { scratchDirectories } from '../../../fakes/directories';
import { faultyStorage } from '../../../fakes/faulty-storage';
import { copyOnce, fakeClock, id, job, newSource, type Source } from './copying';

const newDirectory = scratchDirectories();
const recordKey = recordKeyOf(job, id);

const newTime = () => ({ clock: fakeClock(), locks: createMemoryStorage() });

interface Place {
	readonly storage: Storage;
	hidden(): string[];
}

const places: [string, () => Place][] = [
	['memory', () => ({ storage: createMemoryStorage(), hidden: () => [] })],
	[
		'a directory',
		() => {
			const root = newDirectory();
			const hidden = () =>
				readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /(^|\/)\./.test(name));
			return { storage: createLocalStorage(root), hidden };
		},
	],
];

let source: Source;
beforeAll(async () => {
	source = await newSource();
});

async function expectWhole(target: Storage, { record, bytes } = source): Promise<void> {
	const objects = (await keysOf(target, 'jobs/')).filter((key) => key.startsWith('jobs/'));
	expect(objects).toEqual([...bytes.keys(), recordKey].toSorted());
	for (const [key, body] of bytes) expect((await collect(target.get(key))).equals(body)).toBe(true);
	const [stored] = await listed(target);
	expect(splitRecord(stored!.text).record).toEqual(record);
}

async function listed(target: Storage) {
	const records: { id: string; text: string }[] = [];
	for await (const record of listRecordTexts(target, { job, id: null })) records.push(record);
	return records;
}

/** Whatever happened, what a listing shows is whole. */
async function expectNothingFalse(target: Storage): Promise<void> {
	if ((await listed(target)).length === 0) return;
	for (const [key, body] of source.bytes) expect((await collect(target.get(key))).equals(body)).toBe(true);
}

describe.each(places)('into %s', (_, newPlace) => {
	test.each([false, true])('a copy, read back: %s; the next finds it there', async (readBack) => {
		const { storage, hidden } = newPlace();
		const at = newTime();
		expect(await copyOnce(source, storage, { ...at, readBack })).toBe('copied');
		await expectWhole(storage);
		expect(hidden()).toEqual([]);
		const watched = faultyStorage(storage, { at: Infinity, when: 'before' });
		expect(await copyOnce(source, storage, { ...at, readBack, through: () => watched.storage })).toBe(
			'present',
		);
		expect(watched.calls.filter((call) => !/^(get|size|read|list) /.test(call))).toEqual([]);
		expect(watched.calls.filter((call) => call.startsWith('get '))).toHaveLength(readBack ? 2 : 0);
	});

	test.each([
		['before', false],
		['half', false],
		['after', false],
		['after', true],
	] as const)('killed %s every call, read back: %s', async (when, readBack) => {
		const whole = newPlace();
		const counted = faultyStorage(whole.storage, { at: Infinity, when });
		await copyOnce(source, whole.storage, { ...newTime(), readBack, through: () => counted.storage });
		expect(counted.calls.length).toBeGreaterThan(10);
		for (let number = 1; number <= counted.calls.length; number += 1) {
			const { storage, hidden } = newPlace();
			const at = newTime();
			const faulty = faultyStorage(storage, { at: number, when });
			const dying = copyOnce(source, storage, { ...at, readBack, through: () => faulty.storage, dies: true });
			await dying.then(
				// Only the removal of the marker may fail without failing the copy.
				() => expect(faulty.calls.slice(number - 1)).toEqual([`delete ${markerKeyOf(job, id)}`]),
				(error: unknown) => expect(error).toBeInstanceOf(BackupError),
			);
			await expectNothingFalse(storage);
			const again = await copyOnce(source, storage, { ...at, readBack });
			expect(['copied', 'present']).toContain(again);
			// A record that was there before needs no lease, so what died just after it is the next run's to remove.
			if (again === 'present') await storage.delete(markerKeyOf(job, id));
			await expectWhole(storage);
			expect(hidden()).toEqual([]);
		}
	});
});

test.each([0, 1])('an object lost at the target, number %d, is copied again', async (position) => {
	const storage = createMemoryStorage();
	const at = newTime();
	await copyOnce(source, storage, at);
	const events: string[] = [];
	await storage.delete([...source.bytes.keys()][position]!);
	expect(await copyOnce(source, storage, { ...at, onEvent: ({ event }) => events.push(event) })).toBe(
		'completed',
	);
	expect(events).not.toContain('sealed');
	await expectWhole(storage);
});

describe('what is wrong at the target is left as it is', () => {
	test.each([
		['of another size', Buffer.from('short'), false, true],
		['of other bytes', null, true, true],
		['of other bytes, without a record', null, false, false],
	])('%s', async (_, body, readBack, isRecorded) => {
		const storage = createMemoryStorage();
		const at = newTime();
		const [path, right] = [...source.bytes][0]!;
		if (isRecorded) await copyOnce(source, storage, at);
		await storage.delete(path);
		const wrong = body ?? Buffer.from(right).fill(0, 100, 200);
		await storage.put(path, Buffer.from(wrong));
		const before = await keysOf(storage, 'jobs/');
		await expect(copyOnce(source, storage, { ...at, readBack })).rejects.toMatchObject({
			code: 'checksum_mismatch',
			hint: expect.stringContaining('delete') as string,
		});
		expect((await collect(storage.get(path))).equals(wrong)).toBe(true);
		expect((await keysOf(storage, 'jobs/')).filter((key) => key.startsWith('jobs/'))).toEqual(
			before.filter((key) => key.startsWith('jobs/')),
		);
	});
});

test('a damaged source leaves nothing at the target', async () => {
	const damaged = await newSource();
	const [path, right] = [...damaged.bytes][0]!;
	await damaged.storage.delete(path);
	await damaged.storage.put(path, Buffer.from(right).fill(7, 2_000_000, 2_000_001));
	const root = newDirectory();
	await expect(copyOnce(damaged, createLocalStorage(root), newTime())).rejects.toMatchObject({
		code: 'checksum_mismatch',
		message: expect.stringContaining(path) as string,
	});
	const left = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
	expect(
		left.map(({ parentPath, name }) => join(parentPath, name)).filter((name) => name.includes('/jobs/')),
	).toEqual([]);
});

test('a target that stores other bytes than it was given is found out, and cleaned', async () => {
	const root = newDirectory();
	const honest = createLocalStorage(root);
	const [path] = [...source.bytes.keys()];
	const lying: Storage = {
		...honest,
		create: async (key, signal, expected) => {
			const writer = await honest.create(key, signal, expected);
			if (key !== path) return writer;
			const publish = async () => {
				await writer.publish();
				const file = join(root, key);
				rmSync(file);
				writeFileSync(file, Buffer.alloc(source.bytes.get(key)!.length));
			};
			return { ...writer, publish };
		},
	};
	const at = newTime();
	await expect(copyOnce(source, lying, { ...at, readBack: true })).rejects.toMatchObject({
		code: 'checksum_mismatch',
		message: expect.stringContaining('came back') as string,
	});
	expect(await listed(honest)).toEqual([]);
	expect(await copyOnce(source, honest, { ...at, readBack: true })).toBe('copied');
	await expectWhole(honest);
});
