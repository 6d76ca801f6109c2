/** Backups of streamed content: both sides of the conversation, on a storage in memory. */
import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { feedWindow } from '../../../../engine/feed';
import { blockBytes } from '../../../../engine/format/zstd-frame';
import { archiveKey, deriveMasterKey, rawKdf } from '../../../../engine/index';
import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import type { ObjectWriter, Storage } from '../../../../engine/repository/storage';
import type { Produce } from '../../../../operations/run-backup';
import { BackupError } from '../../../../protocol/errors';
import type { BackupRecord } from '../../../../protocol/record';
import { keysOf } from '../../../conformance/storage';
import { classicTar, layerOf, packed } from '../../../engine/image-tars';
import { idOf, rawSecret, settingsFor } from '../../../engine/backups';
import { testContext } from '../../../engine/in-process';
import {
	contentOf,
	descriptionText,
	dieFeeding,
	endedWell,
	feedBackup,
	producing,
	streamOut,
	verifyDeep,
} from '../../../engine/streamed';

const location = { type: 'directory', path: '/nowhere' } as const;
const encrypted = settingsFor(location, rawSecret());
const plain = settingsFor(location, null);
const job = 'nightly';
const longest = contentOf(feedWindow + 1);

async function stored(storage: Storage): Promise<string[]> {
	return (await keysOf(storage, 'jobs/')).map((key) => key.replace(`jobs/${job}/`, ''));
}

async function only(records: Promise<readonly BackupRecord[]>): Promise<BackupRecord> {
	const [record, ...more] = await records;
	if (!record || more.length > 0) throw new Error('not one record');
	return record;
}

/** A storage whose archives' writers do something of their own. */
function withWriters(
	storage: Storage,
	wrap: (writer: ObjectWriter, signal: AbortSignal | undefined) => ObjectWriter,
): Storage {
	return {
		...storage,
		create: async (key, signal, expectedBytes) => {
			const writer = await storage.create(key, signal, expectedBytes);
			return key.includes('.dump') ? wrap(writer, signal) : writer;
		},
	};
}

describe.each([
	['encrypted, compressed', encrypted, true],
	['encrypted, as it is', encrypted, false],
	['plain, compressed', plain, true],
	['plain, as it is', plain, false],
])('%s', (_what, repository, compressed) => {
	const piece = 1 << 20;
	test.each([0, 1, ...[piece, blockBytes, feedWindow].flatMap((length) => [length - 1, length, length + 1])])(
		'%i bytes come back as they were',
		async (length) => {
			const storage = createMemoryStorage();
			const content = longest.subarray(0, length);
			const record = await only(
				feedBackup(storage, repository, {
					job,
					seconds: [1],
					compressed,
					produce: producing(content, { chunkBytes: 700_001 }),
				}),
			);
			expect(record).toMatchObject({
				status: 'success',
				contentBytes: length,
				entries: null,
				consistency: 'snapshot',
				files: [{ role: 'archive' }, { role: 'index' }],
			});
			expect(await verifyDeep(storage, repository, record)).toMatchObject({
				ok: true,
				entries: null,
				error: null,
			});
			const streamed = await streamOut(storage, repository, record);
			expect(streamed.description).toBe(descriptionText);
			expect(streamed.content.equals(content)).toBe(true);
		},
	);
});

test.each([
	['.dump.zst.enc', encrypted, true],
	['.dump.enc', encrypted, false],
	['.dump.zst', plain, true],
	['.dump', plain, false],
])('%s beside its description, and nothing else', async (suffix, repository, compressed) => {
	const storage = createMemoryStorage();
	await feedBackup(storage, repository, {
		job,
		seconds: [1],
		compressed,
		produce: producing(longest.subarray(0, 9)),
	});
	const id = idOf(job, 1);
	const index = repository === plain ? '.index.zst' : '.index.zst.enc';
	expect(await stored(storage)).toEqual([suffix, index, '.json'].map((name) => id + name));
});

test('the checksum of the content is keyed by what is encrypted', async () => {
	const content = longest.subarray(0, 100);
	const backUp = async (repository: typeof plain) =>
		await only(
			feedBackup(createMemoryStorage(), repository, { job, seconds: [1], produce: producing(content) }),
		);
	expect((await backUp(plain)).contentChecksum).toBe(createHash('sha256').update(content).digest('hex'));
	const record = await backUp(encrypted);
	const master = await deriveMasterKey(rawSecret(), rawKdf);
	const key = hkdfSync('sha256', archiveKey(master, record.archiveId), '', 'docker-backup content', 32);
	expect(record.contentChecksum).toBe(createHmac('sha256', Buffer.from(key)).update(content).digest('hex'));
});

describe('images', () => {
	const whole = classicTar([layerOf('one'), layerOf('two', 200_000)], ['app:1']);
	const backUp = async (tar: Buffer, description: string, storage = createMemoryStorage()) => {
		const produce = producing(tar, { description });
		return await only(feedBackup(storage, encrypted, { job, seconds: [1], kind: 'image', produce }));
	};

	test('whole ones are stored, and found whole by a deep verification', async () => {
		const storage = createMemoryStorage();
		const tar = await packed(whole.files);
		const description = JSON.stringify(whole.description);
		const record = await backUp(tar, description, storage);
		expect(record).toMatchObject({ status: 'success', contentBytes: tar.length, entries: null });
		expect(await verifyDeep(storage, encrypted, record)).toMatchObject({ ok: true });
		expect(await streamOut(storage, encrypted, record)).toEqual({ description, content: tar });
	});

	test('nothing is published of what is not all there', async () => {
		const description = JSON.stringify(whole.description);
		const tar = await packed(whole.files);
		const without = new Map(whole.files);
		without.delete([...without.keys()].find((path) => path.endsWith('/layer.tar'))!);
		const broken: [Buffer, string, string][] = [
			[await packed(without), description, 'image_mismatch'],
			[tar.subarray(0, 100_000), description, 'source_failed'],
			[tar.subarray(0, tar.length - 1024), description, 'source_failed'],
			[Buffer.concat([tar, Buffer.from('x')]), description, 'source_failed'],
			[Buffer.alloc(0), description, 'source_failed'],
			[Buffer.from('{"errorDetail":{"message":"no"}}'.repeat(40)), description, 'source_failed'],
			[tar, descriptionText, 'archive_malformed'],
			[tar, '', 'archive_malformed'],
		];
		for (const [content, said, code] of broken) {
			const storage = createMemoryStorage();
			const record = await backUp(content, said, storage);
			expect(record).toMatchObject({ status: 'failed', files: [], error: { code } });
			expect(record.error?.message).toMatch(/\w/);
			expect(await stored(storage)).toEqual([`${record.id}.json`]);
		}
	});
});

test("the producer's complaints are the record's warnings", async () => {
	const warning = { code: 'source_warning', message: 'pg_dump: warning: circular keys', path: null };
	const produce: Produce = async () => ({ ...endedWell, warnings: [warning] });
	const record = await only(feedBackup(createMemoryStorage(), plain, { job, seconds: [1], produce }));
	expect(record).toMatchObject({ status: 'success', warnings: [warning] });
});

test('a long description takes several frames', async () => {
	const storage = createMemoryStorage();
	const description = `${descriptionText}${' '.repeat(9 << 20)}`;
	const record = await only(
		feedBackup(storage, encrypted, {
			job,
			seconds: [1],
			produce: producing(longest.subarray(0, 9), { description }),
		}),
	);
	expect((await streamOut(storage, encrypted, record)).description).toBe(description);
});

test('never more is under way than the window, and the producer is told often enough to go on', async () => {
	const context = testContext();
	let sent = 0;
	let most = 0;
	const produce: Produce = async (_id, write) => {
		for (let round = 0; round < 40; round++) {
			await write(longest.subarray(0, 1_000_000));
			sent += 1_000_000;
			const taken = context.told.findLast((event) => event.event === 'taken')?.bytes ?? 0;
			most = Math.max(most, sent - taken);
		}
		return endedWell;
	};
	const record = await only(
		feedBackup(createMemoryStorage(), plain, { job, seconds: [1], produce }, context),
	);
	expect(record).toMatchObject({ status: 'success', contentBytes: 40_000_000 });
	expect(most).toBeLessThanOrEqual(feedWindow);
	const times = context.told.filter(({ event }) => event === 'taken').length;
	expect(times).toBeGreaterThanOrEqual(20);
	expect(times).toBeLessThanOrEqual(40);
});

describe('a producer that fails', () => {
	const refused = new BackupError('source_failed', 'pg_dump said no', { hint: 'ask it again' });
	test.each([0, 1, 5_000_000, blockBytes, feedWindow + 1])(
		'after %i bytes leaves a failed record and nothing else',
		async (length) => {
			const storage = createMemoryStorage();
			const produce: Produce = async (id, write) => {
				await producing(longest.subarray(0, length))(id, write);
				throw refused;
			};
			const record = await only(feedBackup(storage, encrypted, { job, seconds: [1], produce }));
			expect(record).toMatchObject({
				status: 'failed',
				checksum: null,
				contentChecksum: null,
				files: [],
				error: { code: 'source_failed', message: 'pg_dump said no', hint: 'ask it again' },
			});
			expect(await stored(storage)).toEqual([`${record.id}.json`]);
		},
	);

	test('and the archive after it is made all the same', async () => {
		const storage = createMemoryStorage();
		const produce: Produce = async (id, write) => {
			if (id === idOf(job, 1)) throw refused;
			return await producing(longest)(id, write);
		};
		const records = await feedBackup(storage, encrypted, { job, seconds: [1, 2], produce });
		expect(records.map(({ status }) => status)).toEqual(['failed', 'success']);
	});

	test.each(['', '{}', 'no JSON'])('by the description %j too', async (description) => {
		const storage = createMemoryStorage();
		const produce = producing(longest.subarray(0, 9), { description });
		const record = await only(feedBackup(storage, encrypted, { job, seconds: [1], produce }));
		expect(record).toMatchObject({ status: 'failed', error: { code: 'archive_malformed' } });
		expect(await stored(storage)).toEqual([`${record.id}.json`]);
	});
});

describe.each([
	['write', 1],
	['write', 3],
	['seal', 1],
] as const)('a storage that is full at %s %i', (call, at) => {
	test('ends the producer, leaves a failed record, and the next archive is made', async () => {
		const inner = createMemoryStorage();
		let archives = 0;
		const storage = withWriters(inner, (writer) => {
			if (++archives > 1) return writer;
			let calls = 0;
			const failing = async (name: string, work: () => Promise<void>) => {
				if (name === call && ++calls === at) throw new BackupError('repository_full', 'no space is left');
				await work();
			};
			return {
				...writer,
				write: (chunk) => failing('write', () => writer.write(chunk)),
				seal: () => failing('seal', () => writer.seal()),
			};
		});
		const ended: string[] = [];
		const produce: Produce = async (id, write) => {
			try {
				return await producing(Buffer.concat([longest, longest, longest]))(id, write);
			} catch (error) {
				ended.push(id);
				throw error;
			}
		};
		const records = await feedBackup(storage, encrypted, { job, seconds: [1, 2], produce });
		expect(records).toMatchObject([
			{ status: 'failed', error: { code: 'repository_full' } },
			{ status: 'success', contentBytes: 3 * longest.length },
		]);
		if (call === 'write') expect(ended).toEqual([idOf(job, 1)]);
		expect((await stored(inner)).filter((key) => key.startsWith(idOf(job, 1)))).toEqual([
			`${idOf(job, 1)}.json`,
		]);
	});
});

test('an abort is noticed at once, though the sink stalls: the failed record is signed and stored', async () => {
	const inner = createMemoryStorage();
	let stalled = () => {};
	const stalling = new Promise<void>((resolve) => (stalled = resolve));
	const storage = withWriters(inner, (writer, signal) => ({
		...writer,
		write: async () => {
			stalled();
			await new Promise((resolve) => signal?.addEventListener('abort', resolve));
			signal?.throwIfAborted();
		},
	}));
	const aborter = new AbortController();
	let blocked = false;
	const produce: Produce = async (_id, write) => {
		// More than the pipeline and the window hold: the last of these never returns.
		void stalling.then(() => setImmediate(() => aborter.abort()));
		try {
			for (let round = 0; round < 100; round++) await write(longest.subarray(0, 1_000_000));
		} catch (error) {
			blocked = true;
			throw error;
		}
		return endedWell;
	};
	const run = feedBackup(storage, encrypted, { job, seconds: [1], produce }, testContext(aborter.signal));
	await expect(run).rejects.toMatchObject({ code: 'cancelled' });
	expect(blocked).toBe(true);
	const id = idOf(job, 1);
	expect(await stored(inner)).toEqual([`${id}.json`]);
	const text = (await inner.read(`jobs/${job}/${id}.json`, 1 << 20)).toString();
	expect(JSON.parse(text.split('\n')[0] ?? '')).toMatchObject({
		status: 'failed',
		error: { code: 'cancelled' },
	});
});

test.each([0, 1, 5_000_000])(
	'an orchestrator that dies after %i bytes leaves the marker, and the next run closes it',
	async (length) => {
		const storage = createMemoryStorage();
		await dieFeeding(storage, encrypted, { job, seconds: [1] }, longest.subarray(0, length));
		const id = idOf(job, 1);
		expect(await stored(storage)).toEqual([`${id}.run.json`]);
		const record = await only(
			feedBackup(storage, encrypted, { job, seconds: [2], produce: producing(longest) }),
		);
		expect(record.status).toBe('success');
		const names = await stored(storage);
		expect(names).toContain(`${id}.json`);
		expect(names).not.toContain(`${id}.run.json`);
		const text = (await storage.read(`jobs/${job}/${id}.json`, 1 << 20)).toString();
		expect(JSON.parse(text.split('\n')[0] ?? '')).toMatchObject({
			kind: 'postgres',
			error: { code: 'run_interrupted' },
		});
	},
);
