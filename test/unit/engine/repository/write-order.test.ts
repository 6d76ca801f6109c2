/**
 * The write order of design section 5, with a death at each of its calls: a listing never shows a success
 * without its bytes, and the next run cleans up and succeeds.
 */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { archiveKeyOf, indexKeyOf, recordKeyOf } from '../../../../engine/repository/layout';
import { createLocalStorage } from '../../../../engine/repository/local-storage';
import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import { formatRecord, listRecordTexts, splitRecord } from '../../../../engine/repository/records';
import {
	cleanUpRun,
	listRunMarkers,
	removeRunMarker,
	writeRunMarker,
	type RunMarker,
} from '../../../../engine/repository/runs';
import type { ObjectWriter, Storage } from '../../../../engine/repository/storage';
import { BackupError } from '../../../../protocol/errors';
import type { BackupRecord } from '../../../../protocol/record';
import { bytesOf, collect, keysOf } from '../../../conformance/storage';
import { scratchDirectories } from '../../../fakes/directories';
import { faultyStorage, type Fault } from '../../../fakes/faulty-storage';
import { failedRecord, sampleRecord } from '../../../fakes/record';

const job = 'nightly';
const newDirectory = scratchDirectories();

interface Place {
	readonly storage: Storage;
	/** Names that a listing hides, if the storage has such. */
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

interface Run {
	readonly marker: RunMarker;
	readonly record: BackupRecord;
	readonly archive: Buffer;
	readonly index: Buffer;
}

function planRun(seq: number): Run {
	const id = `${job}-20260131T03000${seq}Z-1f2e`;
	const archiveKey = archiveKeyOf(job, id, '.tar.zst');
	const indexKey = indexKeyOf(job, id, false);
	const archive = bytesOf(10_000, seq);
	const index = bytesOf(1000, seq + 1);
	const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
	const record = sampleRecord({
		id,
		job,
		seq,
		sizeBytes: archive.length,
		checksum: sha256(archive),
		filePath: archiveKey,
		files: [
			{ role: 'archive', path: archiveKey, size: archive.length, sha256: sha256(archive) },
			{ role: 'index', path: indexKey, size: index.length, sha256: sha256(index) },
		],
	});
	const { runId, series, kind, archiveId, startedAt, host } = record;
	const marker: RunMarker = {
		id,
		runId,
		job,
		series,
		seq,
		kind,
		archiveId,
		startedAt,
		host,
		writer: 'backup',
		objects: [archiveKey, indexKey],
	};
	return { marker, record, archive, index };
}

/** A run from start to end: closes what dead runs left, then writes in the design's order. */
async function run(storage: Storage, { marker, record, archive, index }: Run): Promise<void> {
	for await (const stale of listRunMarkers(storage, job)) {
		if (stale.seq >= marker.seq) continue;
		const closing = failedRecord({ id: stale.id, job, seq: stale.seq });
		await cleanUpRun(storage, stale, { recordText: formatRecord(closing, null) });
	}
	await writeRunMarker(storage, marker);
	const writers: ObjectWriter[] = [];
	for (const [key, body] of [
		[archiveKeyOf(job, marker.id, '.tar.zst'), archive],
		[indexKeyOf(job, marker.id, false), index],
	] as const) {
		const writer = await storage.create(key);
		writers.push(writer);
		for (let start = 0; start < body.length; start += 4_000) {
			await writer.write(Buffer.from(body.subarray(start, start + 4_000)));
		}
	}
	for (const writer of writers) await writer.seal();
	for (const writer of writers) await writer.publish();
	expect(await storage.put(recordKeyOf(job, marker.id), Buffer.from(formatRecord(record, null)))).toBe(
		'created',
	);
	await removeRunMarker(storage, marker);
}

/** Every success has all its bytes. Returns all records, newest first. */
async function soundRecords(storage: Storage): Promise<BackupRecord[]> {
	const records: BackupRecord[] = [];
	for await (const { text } of listRecordTexts(storage, { job, id: null })) {
		const { record } = splitRecord(text);
		records.push(record);
		for (const file of record.files) {
			const bytes = await collect(storage.get(file.path));
			expect(bytes.length).toBe(file.size);
			expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
		}
	}
	return records;
}

const faults: Fault['when'][] = ['before', 'half', 'after'];

describe.each(places)('the write order in %s', (_name, makePlace) => {
	it('takes these calls', async () => {
		const { storage, calls } = faultyStorage(makePlace().storage, { at: Infinity, when: 'before' });
		await run(storage, planRun(1));
		const { id } = planRun(1).marker;
		const verbs = calls.map((call) => call.replace(`jobs/${job}/${id}`, '…'));
		expect(verbs).toEqual([
			`list jobs/${job}/`,
			'put ….run.json',
			'create ….tar.zst',
			'write ….tar.zst',
			'write ….tar.zst',
			'write ….tar.zst',
			'create ….index.zst',
			'write ….index.zst',
			'seal ….tar.zst',
			'seal ….index.zst',
			'publish ….tar.zst',
			'publish ….index.zst',
			'put ….json',
			'delete ….run.json',
		]);
	});

	describe.each(faults)('with a death %s the work of call', (when) => {
		test.each(Array.from({ length: 14 }, (_, n) => n + 1))('%d', async (at) => {
			const { storage, hidden } = makePlace();
			await run(storage, planRun(1));
			const faulty = faultyStorage(storage, { at, when });
			await expect(run(faulty.storage, planRun(2))).rejects.toMatchObject({ code: 'storage_failed' });

			const recorded = faulty.calls[at - 1]!;
			const published = at === 14 || (recorded.endsWith('2Z-1f2e.json') && when === 'after');
			const before = (await soundRecords(storage)).map(({ seq, status }) => [seq, status]);
			expect(before).toEqual(
				published
					? [
							[2, 'success'],
							[1, 'success'],
						]
					: [[1, 'success']],
			);

			await run(storage, planRun(3));
			const after = await soundRecords(storage);
			const hadMarker = at > 2 || (at === 2 && when === 'after');
			expect(after.map(({ seq, status }) => [seq, status])).toEqual([
				[3, 'success'],
				...(published ? [[2, 'success']] : hadMarker ? [[2, 'failed']] : []),
				[1, 'success'],
			]);
			const named = after.flatMap((record) => [
				recordKeyOf(job, record.id),
				...record.files.map((file) => file.path),
			]);
			expect((await keysOf(storage, '')).sort()).toEqual(named.sort());
			expect(hidden()).toEqual([]);
		});
	});

	it('is finished by a later clean-up when one dies at any of its calls', async () => {
		for (let at = 1; ; at += 1) {
			const { storage, hidden } = makePlace();
			// Died after its archive was published, before its record.
			const dying = faultyStorage(storage, { at: 12, when: 'before' });
			await expect(run(dying.storage, planRun(1))).rejects.toThrow();
			const cleaning = faultyStorage(storage, { at, when: at % 2 ? 'before' : 'after' });
			const [outcome] = await Promise.allSettled([run(cleaning.storage, planRun(2))]);
			await soundRecords(storage);
			await run(storage, planRun(3));
			const after = await soundRecords(storage);
			expect(after.at(0)).toMatchObject({ seq: 3, status: 'success' });
			expect(after.at(-1)).toMatchObject({ seq: 1, status: 'failed' });
			expect((await keysOf(storage, '')).filter((key) => key.includes('Z-1f2e.run.json'))).toEqual([]);
			expect(await keysOf(storage, '')).not.toContain(archiveKeyOf(job, planRun(1).marker.id, '.tar.zst'));
			expect(hidden()).toEqual([]);
			if (outcome.status === 'fulfilled') {
				expect(at).toBeGreaterThan(18);
				break;
			}
		}
	});

	it('shuts out a paused writer that wakes up after it was cleaned up', async () => {
		const stages = ['written', 'sealed', 'published'] as const;
		for (const [n, stage] of stages.entries()) {
			const { storage, hidden } = makePlace();
			const { marker, record, archive } = planRun(1);
			const key = archiveKeyOf(job, marker.id, '.tar.zst');
			await writeRunMarker(storage, marker);
			const writer = await storage.create(key);
			await writer.write(Buffer.from(archive));
			if (n >= 1) await writer.seal();
			if (n >= 2) await writer.publish();
			await run(storage, planRun(2));
			// Wakes up without having checked its lease.
			if (stage === 'written') await writer.seal();
			if (stage !== 'published')
				await expect(writer.publish()).rejects.toMatchObject({ code: 'object_not_found' });
			await writer.abort();
			expect(await storage.put(recordKeyOf(job, marker.id), Buffer.from(formatRecord(record, null)))).toBe(
				'exists',
			);
			expect((await soundRecords(storage)).map(({ seq, status }) => [seq, status])).toEqual([
				[2, 'success'],
				[1, 'failed'],
			]);
			expect(await keysOf(storage, '')).not.toContain(key);
			expect(hidden()).toEqual([]);
		}
	});
});

/** Keys that may only create: nothing published goes away, though an unfinished writer ends. */
function appendOnly(storage: Storage): Storage {
	return {
		...storage,
		delete: async (key) => {
			const published = (await keysOf(storage, '')).includes(key);
			if (!published) await storage.delete(key);
			throw new BackupError('repository_unwritable', `these keys may not delete ${key}`);
		},
	};
}

describe.each(places)('with keys that may not delete, the write order in %s', (_name, makePlace) => {
	it('survives a death at any of its calls', async () => {
		for (let at = 1; ; at += 1) {
			const { storage, hidden } = makePlace();
			const place = appendOnly(storage);
			await run(place, planRun(1));
			const faulty = faultyStorage(place, { at, when: at % 2 ? 'before' : 'after' });
			const [outcome] = await Promise.allSettled([run(faulty.storage, planRun(2))]);
			await soundRecords(storage);
			await run(place, planRun(3));
			await run(place, planRun(4));
			const after = (await soundRecords(storage)).map(({ seq, status }) => [seq, status]);
			expect(after).toContainEqual([1, 'success']);
			expect(after.slice(0, 2)).toEqual([
				[4, 'success'],
				[3, 'success'],
			]);
			const open: RunMarker[] = [];
			for await (const marker of listRunMarkers(storage, job)) open.push(marker);
			expect(open).toEqual([]);
			expect(hidden()).toEqual([]);
			if (outcome.status === 'fulfilled') {
				expect(at).toBeGreaterThan(14);
				break;
			}
		}
	});
});
