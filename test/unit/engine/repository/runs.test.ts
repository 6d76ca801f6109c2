import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import { formatRecord } from '../../../../engine/repository/records';
import {
	cleanUpRun,
	listRunMarkers,
	removeRunMarker,
	writeRunMarker,
	type RunMarker,
} from '../../../../engine/repository/runs';
import type { Storage } from '../../../../engine/repository/storage';
import { keysOf } from '../../../conformance/storage';
import { failedRecord, sampleRecord } from '../../../fakes/record';

const { id, job } = sampleRecord();
const archive = `jobs/${job}/${id}.tar.zst`;
const index = `jobs/${job}/${id}.index.zst`;
const recordKey = `jobs/${job}/${id}.json`;
const markerKey = `jobs/${job}/${id}.run.json`;
const good = 'nightly-20260101T030000Z-aaaa';

const marker: RunMarker = {
	id,
	runId: 'run-1',
	job,
	series: 'data',
	seq: 3,
	kind: 'volume',
	archiveId: '0f'.repeat(16),
	startedAt: '2026-01-31T03:00:00.000Z',
	host: 'host-a',
	objects: [archive, index],
};

let storage: Storage;
beforeEach(async () => {
	storage = createMemoryStorage();
	await storage.put(`jobs/${job}/${good}.tar.zst`, Buffer.from('good'));
	await storage.put(`jobs/${job}/${good}.json`, Buffer.from('good'));
});
const goodKeys = [`jobs/${job}/${good}.json`, `jobs/${job}/${good}.tar.zst`];

async function markers(wanted: string | null = job, broken: string[] = []): Promise<RunMarker[]> {
	const found: RunMarker[] = [];
	for await (const one of listRunMarkers(storage, wanted, undefined, (key) => broken.push(key)))
		found.push(one);
	return found;
}

describe('run markers', () => {
	it('come back as they were written', async () => {
		await writeRunMarker(storage, marker);
		expect(await markers()).toEqual([marker]);
		expect(await markers(null)).toEqual([marker]);
		expect(await markers('night')).toEqual([]);
		expect(JSON.parse((await storage.read(markerKey, 9999)).toString())).toEqual({ version: 1, ...marker });
	});

	it('are create-only and go once or twice', async () => {
		await writeRunMarker(storage, marker);
		await expect(writeRunMarker(storage, marker)).rejects.toMatchObject({ code: 'object_exists' });
		await removeRunMarker(storage, marker);
		await removeRunMarker(storage, marker);
		expect(await markers()).toEqual([]);
	});

	test.each<[string, string]>([
		['not JSON', '{'],
		['not an object', '[]'],
		['of another version', JSON.stringify({ version: 2, ...marker })],
		['without objects', JSON.stringify({ version: 1, ...marker, objects: undefined })],
		['of another run', JSON.stringify({ version: 1, ...marker, id: good })],
		['of another job', JSON.stringify({ version: 1, ...marker, job: 'other' })],
		[
			'naming another run’s archive',
			JSON.stringify({ version: 1, ...marker, objects: [`jobs/${job}/${good}.tar.zst`] }),
		],
		['naming a record', JSON.stringify({ version: 1, ...marker, objects: [recordKey] })],
		['naming a fact', JSON.stringify({ version: 1, ...marker, objects: [`jobs/${job}/${id}.hold.01.json`] })],
		['naming the document', JSON.stringify({ version: 1, ...marker, objects: ['repository.json'] })],
		['naming a way out', JSON.stringify({ version: 1, ...marker, objects: [`jobs/${job}/../../${id}.tar`] })],
		['too long', `${JSON.stringify({ version: 1, ...marker })}${' '.repeat(65536)}`],
	])('%s name nothing, and hide no other', async (_how, text) => {
		await storage.put(markerKey, Buffer.from(text));
		const next = { ...marker, id: 'nightly-20260201T030000Z-1f2e', objects: [] };
		await writeRunMarker(storage, next);
		const broken: string[] = [];
		expect(await markers(job, broken)).toEqual([next]);
		expect(broken).toEqual([markerKey]);
	});

	it('are not written for the objects of others', async () => {
		const greedy = { ...marker, objects: [`jobs/${job}/${good}.tar.zst`] };
		await expect(writeRunMarker(storage, greedy)).rejects.toMatchObject({ code: 'record_malformed' });
		await expect(cleanUpRun(storage, greedy)).rejects.toMatchObject({ code: 'record_malformed' });
		expect(await keysOf(storage, 'jobs/')).toEqual(goodKeys);
	});
});

describe('cleaning up a run', () => {
	beforeEach(async () => {
		await writeRunMarker(storage, marker);
		await storage.put(archive, Buffer.from('half'));
		await storage.put(index, Buffer.from('half'));
	});

	it('removes what the marker names and nothing else, even twice', async () => {
		expect(await cleanUpRun(storage, marker)).toBe('removed');
		expect(await keysOf(storage, 'jobs/')).toEqual(goodKeys);
		expect(await cleanUpRun(storage, marker)).toBe('removed');
		expect(await keysOf(storage, 'jobs/')).toEqual(goodKeys);
	});

	it('stores the record that closes the run before it removes anything', async () => {
		const recordText = formatRecord(failedRecord(), null);
		expect(await cleanUpRun(storage, marker, { recordText })).toBe('removed');
		expect(await keysOf(storage, 'jobs/')).toEqual([...goodKeys.slice(0, 2), recordKey]);
		expect(await storage.put(recordKey, Buffer.from(formatRecord(sampleRecord(), null)))).toBe('exists');
	});

	it('keeps the archive of a success, whose marker alone was left', async () => {
		await storage.put(recordKey, Buffer.from(formatRecord(sampleRecord(), null)));
		const recordText = formatRecord(failedRecord(), null);
		expect(await cleanUpRun(storage, marker, { recordText })).toBe('kept');
		expect(await keysOf(storage, 'jobs/')).toEqual([...goodKeys, index, recordKey, archive]);
	});

	it('keeps the archive of a record that can’t be read', async () => {
		await storage.put(recordKey, Buffer.from('torn'));
		expect(await cleanUpRun(storage, marker)).toBe('kept');
		expect(await keysOf(storage, 'jobs/')).toEqual([...goodKeys, index, recordKey, archive]);
	});

	it('keeps the marker while anything else is left', async () => {
		const failing: Storage = {
			...storage,
			delete: async (key) => {
				if (key === index) throw new Error('not now');
				await storage.delete(key);
			},
		};
		await expect(cleanUpRun(failing, marker)).rejects.toThrow('not now');
		expect(await keysOf(storage, 'jobs/')).toContain(markerKey);
		await cleanUpRun(storage, marker);
		expect(await keysOf(storage, 'jobs/')).toEqual(goodKeys);
	});
});
