/** Packs speed listings up and are never believed: what is there, and what a text is worth, is said elsewhere. */
import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import { packKeyOf, recordKeyOf } from '../../../../engine/repository/layout';
import { packsWanted } from '../../../../engine/repository/packed-texts';
import {
	leastPerPack,
	mostPerPack,
	packInPassing,
	packRecords,
	readPacks,
} from '../../../../engine/repository/record-packs';
import type { Storage } from '../../../../engine/repository/storage';
import { keysOf } from '../../../conformance/storage';

const job = 'nightly';
const textOf = (number: number) => `{"number":${number}}\n{"signature":null}\n`;
const signal = new AbortController().signal;

function idOf(number: number): string {
	const stamp = new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
	return `${job}-${stamp}-${number.toString(16).padStart(4, '0')}`;
}

async function filled(from: number, to: number, storage = createMemoryStorage()): Promise<Storage> {
	for (let number = from; number < to; number += 1) {
		await storage.put(recordKeyOf(job, idOf(number)), Buffer.from(textOf(number)));
	}
	return storage;
}

test.each([
	[leastPerPack - 1, 0, []],
	[leastPerPack, leastPerPack, [leastPerPack - 1]],
	[mostPerPack, mostPerPack, [mostPerPack - 1]],
	[mostPerPack + 1, mostPerPack + 1, [mostPerPack - 1, mostPerPack]],
])('%d records: %d are packed', async (count, packed, newest) => {
	const storage = await filled(0, count);
	expect(await packRecords(storage, job)).toBe(packed);
	expect(await keysOf(storage, 'packs/')).toEqual(newest.map((number) => packKeyOf(job, idOf(number))));
	const texts = await readPacks(storage, job);
	expect(texts.size).toBe(packed);
	for (const [id, text] of texts)
		expect((await storage.read(recordKeyOf(job, id), 99)).toString()).toBe(text);
	expect(await packRecords(storage, job)).toBe(0);
});

test('what came later is packed later, beside the first', async () => {
	const storage = await filled(0, leastPerPack);
	await packRecords(storage, job);
	await filled(leastPerPack, 2 * leastPerPack + 3, storage);
	expect(await packRecords(storage, job)).toBe(leastPerPack + 3);
	expect((await readPacks(storage, job)).size).toBe(2 * leastPerPack + 3);
	expect(await keysOf(storage, 'packs/')).toHaveLength(2);
});

test.each([
	['no zstd', Buffer.from('no zstd at all')],
	['empty', Buffer.alloc(0)],
	['too long', Buffer.alloc((16 << 20) + 1)],
])('a pack that is %s is as if it were not there', async (_what, body) => {
	const storage = await filled(0, leastPerPack);
	await storage.put(packKeyOf(job, idOf(9999)), body);
	expect(await readPacks(storage, job)).toEqual(new Map());
	expect(await packRecords(storage, job)).toBe(leastPerPack);
	expect((await readPacks(storage, job)).size).toBe(leastPerPack);
});

test('a text of another length than the listed record is not taken, nor one for a few records', async () => {
	const storage = await filled(0, leastPerPack);
	await packRecords(storage, job);
	const listed = (count: number) => Array.from({ length: count }, (_, number) => ({ job, id: idOf(number) }));
	const recordSize = textOf(7).length;
	const many = await packsWanted(storage, listed(100), signal);
	expect(many({ job, id: idOf(7), recordSize })).toBe(textOf(7));
	expect(many({ job, id: idOf(7), recordSize: recordSize + 1 })).toBeUndefined();
	expect(many({ job, id: idOf(9999), recordSize })).toBeUndefined();
	const few = await packsWanted(storage, listed(99), signal);
	expect(few({ job, id: idOf(7), recordSize })).toBeUndefined();
	const past = await packsWanted({ ...storage, isPast: true }, listed(100), signal);
	expect(past({ job, id: idOf(7), recordSize })).toBeUndefined();
});

test('a run looks now and then, and a storage that refuses fails nothing', async () => {
	const storage = await filled(0, leastPerPack);
	await packInPassing(storage, job, 63);
	expect(await keysOf(storage, 'packs/')).toEqual([]);
	const refusing = {
		...storage,
		put: async () => {
			throw new Error('not allowed');
		},
	};
	await packInPassing(refusing, job, 64);
	expect(await keysOf(storage, 'packs/')).toEqual([]);
	await packInPassing(storage, job, 64);
	expect(await keysOf(storage, 'packs/')).toHaveLength(1);
});
