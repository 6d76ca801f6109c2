import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import { formatRecord } from '../../../../engine/repository/records';
import {
	cleanUpCopy,
	cleanUpRun,
	listRunMarkers,
	removeRunMarker,
	staleRuns,
	writeRunMarker,
	type RunMarker,
} from '../../../../engine/repository/runs';
import type { Storage } from '../../../../engine/repository/storage';
import { BackupError, type ErrorCode } from '../../../../protocol/errors';
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
	writer: 'backup',
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

	it('of earlier releases are of backups', async () => {
		const { writer: _, ...old } = marker;
		await storage.put(markerKey, Buffer.from(JSON.stringify({ version: 1, ...old })));
		expect(await markers()).toEqual([marker]);
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
		['of an unknown writer', JSON.stringify({ version: 1, ...marker, writer: 'thief' })],
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

/** A storage whose keys may not delete; `asked` is what was tried. An unfinished writer ends all the same. */
function appendOnly(code: ErrorCode = 'repository_unwritable'): { place: Storage; asked: string[] } {
	const asked: string[] = [];
	const place: Storage = {
		...storage,
		delete: async (key) => {
			asked.push(key);
			const published = (await keysOf(storage, 'jobs/')).includes(key);
			if (!published) await storage.delete(key);
			throw new BackupError(code, `can't delete ${key}`);
		},
	};
	return { place, asked };
}

const closedKey = `jobs/${job}/${id}.closed.json`;

describe('where nothing can be deleted', () => {
	beforeEach(async () => {
		await writeRunMarker(storage, marker);
	});

	test.each(['repository_unwritable', 'storage_denied', 'object_locked'] as const)(
		'%s: a marker is closed, once or twice, and shows no more',
		async (code) => {
			const { place } = appendOnly(code);
			await removeRunMarker(place, marker);
			await removeRunMarker(place, marker);
			expect(await keysOf(storage, 'jobs/')).toEqual([...goodKeys, closedKey, markerKey]);
			const read: string[] = [];
			storage = { ...storage, read: async (key, most) => (read.push(key), await place.read(key, most)) };
			const next = { ...marker, id: 'nightly-20260201T030000Z-1f2e', objects: [] };
			await writeRunMarker(storage, next);
			expect(await markers()).toEqual([next]);
			expect(await markers(null)).toEqual([next]);
			expect(new Set(read)).toEqual(new Set([`jobs/${job}/${next.id}.run.json`]));
		},
	);

	test.each(['storage_unreachable', 'storage_failed', 'repository_not_found'] as const)(
		'%s is no refusal: the marker stays open',
		async (code) => {
			await expect(removeRunMarker(appendOnly(code).place, marker)).rejects.toMatchObject({ code });
			expect(await markers()).toEqual([marker]);
		},
	);

	it('the marker of another archive stays open', async () => {
		const dotted = { ...marker, id: 'nightly-20260131T030000Z-1f2f', objects: [] };
		await writeRunMarker(storage, dotted);
		await removeRunMarker(appendOnly().place, dotted);
		expect(await markers()).toEqual([marker]);
	});

	it('a clean-up records the failure, tries to delete each object, and closes', async () => {
		await storage.put(archive, Buffer.from('half'));
		const { place, asked } = appendOnly();
		const recordText = formatRecord(failedRecord(), null);
		expect(await cleanUpRun(place, marker, { recordText })).toBe('left');
		expect(asked).toEqual([archive, index]);
		expect(await keysOf(storage, 'jobs/')).toEqual([...goodKeys, closedKey, recordKey, markerKey, archive]);
		expect(await markers()).toEqual([]);
	});

	it('a clean-up ends the writer of each object', async () => {
		const writer = await storage.create(archive);
		await writer.write(Buffer.from('half'));
		await writer.seal();
		expect(await cleanUpRun(appendOnly().place, marker)).toBe('left');
		await expect(writer.publish()).rejects.toMatchObject({ code: 'object_not_found' });
	});

	it('a clean-up that fails otherwise, too, leaves the marker open', async () => {
		const { place } = appendOnly();
		const failing: Storage = {
			...place,
			delete: async (key) => {
				if (key === index) throw new BackupError('storage_unreachable', 'not now');
				await place.delete(key);
			},
		};
		await expect(cleanUpRun(failing, marker)).rejects.toMatchObject({ code: 'storage_unreachable' });
		expect(await markers()).toEqual([marker]);
	});

	it('what one locked object leaves is still named by the marker', async () => {
		await storage.put(archive, Buffer.from('half'));
		await storage.put(index, Buffer.from('half'));
		const locking: Storage = {
			...storage,
			delete: async (key) => {
				if (key === archive) throw new BackupError('object_locked', 'until tomorrow');
				await storage.delete(key);
			},
		};
		expect(await cleanUpRun(locking, marker)).toBe('left');
		expect(await keysOf(storage, 'jobs/')).toEqual([...goodKeys, closedKey, markerKey, archive]);
	});

	it('a copy that comes again does without a marker, a backup does not', async () => {
		const { place } = appendOnly();
		const again: RunMarker = { ...marker, writer: 'copy', seq: 4 };
		await expect(writeRunMarker(place, again)).rejects.toMatchObject({ code: 'object_exists' });
		await removeRunMarker(place, marker);
		await writeRunMarker(place, again);
		await expect(writeRunMarker(place, marker)).rejects.toMatchObject({ code: 'object_exists' });
		expect(await markers()).toEqual([]);
	});
});

describe('cleaning up a copy', () => {
	const copy: RunMarker = { ...marker, writer: 'copy' };
	beforeEach(async () => {
		await writeRunMarker(storage, copy);
		await storage.put(index, Buffer.from('whole'));
	});

	it('keeps what is published and ends what is not', async () => {
		const writer = await storage.create(archive);
		await writer.write(Buffer.from('half'));
		await writer.seal();
		await cleanUpCopy(storage, copy);
		await cleanUpCopy(storage, copy);
		expect(await keysOf(storage, 'jobs/')).toEqual([...goodKeys, index]);
		await expect(writer.publish()).rejects.toMatchObject({ code: 'object_not_found' });
		// The next copy completes it.
		await writeRunMarker(storage, { ...copy, seq: 4 });
		expect(await storage.put(archive, Buffer.from('whole'))).toBe('created');
	});

	it('keeps all of a copy whose marker alone was left', async () => {
		await storage.put(archive, Buffer.from('whole'));
		await storage.put(recordKey, Buffer.from(formatRecord(sampleRecord(), null)));
		await cleanUpCopy(storage, copy);
		expect(await keysOf(storage, 'jobs/')).toEqual([...goodKeys, index, recordKey, archive]);
	});

	it('closes its marker where it can’t be deleted', async () => {
		await cleanUpCopy(appendOnly().place, copy);
		expect(await keysOf(storage, 'jobs/')).toEqual([...goodKeys, closedKey, index, markerKey]);
		expect(await markers()).toEqual([]);
	});

	it('keeps the marker when it can’t be told what is published', async () => {
		const failing: Storage = {
			...storage,
			size: async () => {
				throw new BackupError('storage_unreachable', 'not now');
			},
		};
		await expect(cleanUpCopy(failing, copy)).rejects.toMatchObject({ code: 'storage_unreachable' });
		expect(await markers()).toEqual([copy]);
	});

	it('comes with a lease: copies are cleaned up after a check, backups are returned', async () => {
		const backup: RunMarker = { ...marker, id: 'nightly-20260201T030000Z-1f2e', objects: [] };
		const live: RunMarker = { ...copy, id: 'nightly-20260202T030000Z-1f2e', objects: [], seq: 4 };
		await writeRunMarker(storage, backup);
		await writeRunMarker(storage, live);
		let checks = 0;
		const check = async () => void (checks += 1);
		expect(await staleRuns(storage, job, { generation: 4, check })).toEqual([backup]);
		expect(checks).toBe(1);
		expect(await markers()).toEqual([backup, live]);
		const lost = async () => Promise.reject(new BackupError('lease_lost', 'too late'));
		await expect(staleRuns(storage, job, { generation: 5, check: lost })).rejects.toMatchObject({
			code: 'lease_lost',
		});
		expect(await markers()).toEqual([backup, live]);
	});
});
