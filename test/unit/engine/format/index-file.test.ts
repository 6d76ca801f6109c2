import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { decompressEach, decompressFrames } from '../../../../engine/format/frames';
import { encodeIndexEntry, entryPath, type IndexEntry } from '../../../../engine/format/index-entry';
import { createIndexWriter } from '../../../../engine/format/index-file';
import { openIndex, readIndex } from '../../../../engine/format/index-reader';
import { comparePaths, isWithin } from '../../../../engine/format/path-order';
import { createSeekTable, encodeSeekTable } from '../../../../engine/format/seek-table';
import { createOddTree } from '../../../trees/odd-tree';
import { chunked, codeOf, collect, gather, readerOf } from './chunks';
import { scan, tarOf } from './gnu-tar';

const MiB = 1024 * 1024;
const vectors = join(__dirname, '../../../vectors');

async function indexOf(entries: Iterable<IndexEntry>): Promise<Buffer> {
	const pieces: Buffer[] = [];
	const writer = createIndexWriter(async (bytes) => void pieces.push(await Promise.resolve(bytes)), {
		threads: 2,
	});
	for (const entry of entries) await writer.add(entry);
	const { bytes } = await writer.end();
	const file = Buffer.concat(pieces);
	expect(file).toHaveLength(bytes);
	return file;
}

const entryOf = (path: string, index: number): IndexEntry => ({
	path,
	type: 'file',
	size: index,
	mode: 0o644,
	uid: 0,
	gid: 0,
	mtimeNs: `${index}`,
	sha256: index.toString(16).padStart(64, '0'),
	offset: index * 1024,
	length: 1024,
});

/** Folders of files, enough for several frames. */
const many = Array.from({ length: 12_000 }, (_, index) =>
	entryOf(
		`volumes/data/dir ${String(index % 40).padStart(2, '0')}/file ${String(index).padStart(6, '0')}`,
		index,
	),
).sort((a, b) => comparePaths(entryPath(a), entryPath(b)));

/** An index file of these frames of text; the seek table is right. */
function fileOf(...frames: readonly string[]): Buffer {
	const table = createSeekTable();
	const compressed = frames.map((text) =>
		zstdCompressSync(Buffer.from(text), { pledgedSrcSize: Buffer.byteLength(text) }),
	);
	for (const [index, frame] of compressed.entries())
		table.add(frame.length, Buffer.byteLength(frames[index]!));
	return Buffer.concat([...compressed, encodeSeekTable(table)]);
}

describe('the index', () => {
	it.each([0, 1, 2, 12_000])('of %i entries comes back', async (count) => {
		const entries = many.slice(0, count);
		const file = await indexOf(entries);
		expect(await gather(readIndex(chunked(file, [1000])))).toEqual(entries);
		const index = await openIndex(readerOf(file).readAt, file.length);
		expect(index.entries).toBe(count);
		expect(await gather(index.entriesUnder(''))).toEqual(entries);
	});

	it('of the odd tree comes back', async () => {
		const root = mkdtempSync(join(tmpdir(), 'index-'));
		try {
			createOddTree(root);
			const { entries } = scan(tarOf(root));
			const file = await indexOf(entries);
			expect(await gather(readIndex(chunked(file, [7])))).toEqual(entries);
			const index = await openIndex(readerOf(file).readAt, file.length);
			for (const entry of entries) expect(await index.find(entryPath(entry))).toEqual(entry);
		} finally {
			rmSync(root, { recursive: true, force: true });
		}
	});

	it('is in frames of at most 1 MiB, of whole lines', async () => {
		const frames = await gather(decompressEach(chunked(await indexOf(many))));
		const sizes = frames.map(({ content }) => content.length);
		expect(sizes.length).toBeGreaterThan(3);
		for (const [index, { content }] of frames.entries()) {
			expect(content.length).toBeLessThanOrEqual(MiB);
			if (index < frames.length - 2) expect(content.length).toBeGreaterThan(MiB - 1000);
			expect(content.at(-1)).toBe(0x0a);
		}
	});

	it('ends with a trailer that says where everything is', async () => {
		const frames = await gather(decompressEach(chunked(await indexOf(many))));
		const lines = frames
			.at(-1)!
			.content.toString()
			.trimEnd()
			.split('\n')
			.map((line) => JSON.parse(line) as unknown);
		const expected: unknown[] = frames.slice(0, -1).map(({ content, offset }) => {
			const paths = content
				.toString()
				.trimEnd()
				.split('\n')
				.map((line) => (JSON.parse(line) as IndexEntry).path);
			return { first: paths[0], offset, count: paths.length };
		});
		expected.push({ version: 1, entries: many.length, frames: frames.length - 1, trailerFrames: 1 });
		expect(lines).toEqual(expected);
	});

	it('takes lines longer than a frame and a trailer longer than one', async () => {
		// Control characters take six bytes in JSON: lines of 390 KB, each with the first path of many frames.
		const long = Array.from({ length: 8 }, (_, index) =>
			entryOf(`${index}${'\u0001'.repeat(65_000)}`, index),
		);
		const line = {
			...entryOf('9', 9),
			xattrs: Array.from({ length: 3 }, (_, index) => `${index}${'\u0001'.repeat(65_000)}`),
		};
		const file = await indexOf([...long, line]);
		expect(await gather(readIndex(chunked(file)))).toEqual([...long, line]);
		const index = await openIndex(readerOf(file).readAt, file.length);
		expect(await gather(index.entriesUnder(''))).toEqual([...long, line]);
		const frames = await gather(decompressEach(chunked(file)));
		expect(JSON.parse(frames.at(-1)!.content.toString().trimEnd().split('\n').at(-1)!)).toEqual({
			version: 1,
			entries: 9,
			frames: 5,
			trailerFrames: 2,
		});
	});

	it('refuses entries out of order or twice', async () => {
		for (const paths of [
			['b', 'a'],
			['a', 'a'],
			['a-b', 'a/b'],
		]) {
			expect(await codeOf(() => indexOf(paths.map(entryOf)))).toBe('source_failed');
		}
	});

	it('throws what its sink threw, in add or in end', async () => {
		const failure = new Error('disk full');
		const failing = () => createIndexWriter(() => Promise.reject(failure), { threads: 1 });
		const adding = failing();
		await expect(
			(async () => {
				for (const entry of many) await adding.add(entry);
			})(),
		).rejects.toBe(failure);
		const ending = failing();
		await ending.add(many[0]!);
		await expect(ending.end()).rejects.toBe(failure);
	});

	it('asks to be waited for when its sink is slow', async () => {
		let release: () => void = () => undefined;
		const slow = new Promise<void>((resolve) => (release = resolve));
		const writer = createIndexWriter(() => slow, { threads: 1 });
		let waiting: Promise<void> | void = undefined;
		let added = 0;
		for (; waiting === undefined; added++) waiting = writer.add(many[added]!);
		expect(added).toBeLessThan(many.length);
		release();
		await waiting;
		for (; added < many.length; added++) await writer.add(many[added]!);
		expect((await writer.end()).entries).toBe(many.length);
	});

	it('calls its sink once at a time, in file order', async () => {
		let busy = false;
		const pieces: Buffer[] = [];
		const writer = createIndexWriter(
			async (bytes) => {
				expect(busy).toBe(false);
				busy = true;
				await new Promise(setImmediate);
				pieces.push(bytes);
				busy = false;
			},
			{ threads: 3 },
		);
		for (const entry of many) await writer.add(entry);
		await writer.end();
		expect(await gather(readIndex(chunked(Buffer.concat(pieces))))).toHaveLength(many.length);
	});
});

describe('the frozen format', () => {
	const entries: IndexEntry[] = [
		{
			path: 'volumes/data',
			type: 'directory',
			size: 0,
			mode: 0o2751,
			uid: 999,
			gid: 998,
			mtimeNs: '1044072306700000001',
			ctimeNs: '1795210982655933815',
			xattrs: ['user.root', 'system.posix_acl_default'],
			offset: 0,
			length: 1536,
		},
		{ ...entryOf('volumes/data/a', 3), mtimeNs: '-315619199876543211' },
		{
			path: 'volumes/data/a/b',
			type: 'fifo',
			size: 0,
			mode: 0o640,
			uid: 0,
			gid: 0,
			mtimeNs: '0',
			offset: 4096,
			length: 512,
		},
		{
			path: 'volumes/data/a-b',
			type: 'symlink',
			size: 0,
			mode: 0o777,
			uid: 1,
			gid: 2,
			mtimeNs: '1',
			linkTarget: '../\u00fc\n"',
			offset: 4608,
			length: 1536,
		},
		{
			path: 'volumes/data/dev',
			type: 'character',
			size: 0,
			mode: 0o600,
			uid: 0,
			gid: 0,
			mtimeNs: '1',
			device: { major: 511, minor: 1048575 },
			offset: 6144,
			length: 512,
		},
		{
			path: 'volumes/data/dev2',
			type: 'block',
			size: 0,
			mode: 0o600,
			uid: 0,
			gid: 0,
			mtimeNs: '1',
			device: { major: 7, minor: 200 },
			offset: 6656,
			length: 512,
		},
		{
			path: 'volumes/data/hard',
			type: 'hardlink',
			size: 0,
			mode: 0o644,
			uid: 4294967294,
			gid: 0,
			mtimeNs: '1',
			linkTarget: 'volumes/data/a',
			offset: 7168,
			length: 1024,
		},
		{
			path: 'volumes/data/huge',
			type: 'file',
			size: 9007199254740991,
			mode: 0o4755,
			uid: 0,
			gid: 0,
			mtimeNs: '1',
			sparse: true,
			sha256Stored: 'cd'.repeat(32),
			offset: 8192,
			length: 2048,
		},
		{ ...entryOf('volumes/data/sparse', 11), sparse: true },
		{
			pathBase64: Buffer.from('volumes/data/z\xff', 'latin1').toString('base64'),
			type: 'symlink',
			size: 0,
			mode: 0o777,
			uid: 0,
			gid: 0,
			mtimeNs: '1',
			linkTargetBase64: '/w==',
			offset: 16384,
			length: 1536,
		},
	];

	it('is written as ever: the lines', async () => {
		const file = await indexOf(entries);
		const content = await collect(decompressFrames(chunked(file)));
		if (process.env.UPDATE_GOLDEN === '1') {
			mkdirSync(vectors, { recursive: true });
			writeFileSync(join(vectors, 'index-v1.jsonl'), content);
			writeFileSync(join(vectors, 'index-v1.jsonl.zst'), file);
		}
		// Frame offsets in the trailer follow from zstd's output, which another zstd may make smaller.
		const plain = (bytes: Buffer) => bytes.toString().replace(/"offset":\d+,"count"/g, '"offset":0,"count"');
		expect(plain(content)).toBe(plain(readFileSync(join(vectors, 'index-v1.jsonl'))));
	});

	it('is read as ever: the file', async () => {
		const file = readFileSync(join(vectors, 'index-v1.jsonl.zst'));
		expect(await gather(readIndex(chunked(file)))).toEqual(entries);
		const index = await openIndex(readerOf(file).readAt, file.length);
		expect(await index.find('volumes/data/hard')).toEqual(entries[6]);
	});
});

describe('openIndex', () => {
	let file: Buffer;
	beforeAll(async () => {
		file = await indexOf(many);
	});

	it('finds every path, and nothing else', async () => {
		const index = await openIndex(readerOf(file).readAt, file.length);
		for (let position = 0; position < many.length; position += 997) {
			const { path } = many[position]!;
			expect(await index.find(path!)).toEqual(many[position]);
			expect(await index.find(`${path}x`)).toBeUndefined();
			expect(await index.find(path!.slice(0, -1))).toBeUndefined();
		}
		for (const path of ['', 'a', 'volumes', 'volumes/data', 'volumes/data/dir 99', 'zzz']) {
			expect(await index.find(path)).toBeUndefined();
		}
	});

	it('lists what is below a folder', async () => {
		const index = await openIndex(readerOf(file).readAt, file.length);
		for (const folder of [
			'volumes',
			'volumes/data/dir 00',
			'volumes/data/dir 17',
			'volumes/data/dir 39',
			'volumes/data/dir',
			'x',
		]) {
			const expected = many.filter((entry) => isWithin(Buffer.from(folder), entryPath(entry)));
			expect(await gather(index.entriesUnder(folder))).toEqual(expected);
		}
	});

	it('agrees with a plain search on any paths', async () => {
		const path = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', 'é'), minLength: 1, maxLength: 6 });
		await fc.assert(
			fc.asyncProperty(fc.uniqueArray(path, { maxLength: 40 }), path, async (paths, wanted) => {
				const entries = paths.map(entryOf).sort((a, b) => comparePaths(entryPath(a), entryPath(b)));
				const bytes = await indexOf(entries);
				const index = await openIndex(readerOf(bytes).readAt, bytes.length);
				expect(await index.find(wanted)).toEqual(entries.find((entry) => entry.path === wanted));
				const within = entries.filter((entry) => isWithin(Buffer.from(wanted), entryPath(entry)));
				expect(await gather(index.entriesUnder(wanted))).toEqual(within);
			}),
			{ numRuns: 60 },
		);
	});

	it('reads only what it needs', async () => {
		const { readAt, bytesRead } = readerOf(file);
		const index = await openIndex(readAt, file.length);
		const opening = bytesRead();
		expect(opening).toBeLessThan(2000);
		await index.find(many[5000]!.path!);
		expect(bytesRead() - opening).toBeLessThan(file.length / 2);
		const before = bytesRead();
		await gather(index.entriesUnder('volumes/data/dir 20'));
		expect(bytesRead() - before).toBeLessThan(file.length * 0.7);
	});

	it('stops for its signal', async () => {
		const index = await openIndex(readerOf(file).readAt, file.length);
		const reason = new Error('stop');
		await expect(gather(index.entriesUnder('', AbortSignal.abort(reason)))).rejects.toBe(reason);
	});
});

describe('a hostile index', () => {
	const line = (path: string, index = 1) => `${encodeIndexEntry(entryOf(path, index))}\n`;
	const sum = (entries: number, frames: number, trailerFrames = 1) =>
		`{"version":1,"entries":${entries},"frames":${frames},"trailerFrames":${trailerFrames}}\n`;
	const first = (path: string, offset: number, count: number) =>
		`{"first":"${path}","offset":${offset},"count":${count}}\n`;
	const sizeOf = (text: string) =>
		zstdCompressSync(Buffer.from(text), { pledgedSrcSize: text.length }).length;
	const a = line('a');
	const bc = line('b') + line('c');

	it('is told from a good one of the same making', async () => {
		const good = fileOf(a, bc, first('a', 0, 1) + first('b', sizeOf(a), 2) + sum(3, 2));
		expect(await gather(readIndex(chunked(good)))).toHaveLength(3);
		expect(await gather((await openIndex(readerOf(good).readAt, good.length)).entriesUnder(''))).toHaveLength(
			3,
		);
	});

	const cases: readonly (readonly [string, () => Buffer, string])[] = [
		['nothing', () => Buffer.alloc(0), 'archive_truncated'],
		['no frames', () => fileOf(), 'archive_malformed'],
		['no trailer', () => fileOf(a), 'archive_malformed'],
		[
			'another version',
			() => fileOf(a, first('a', 0, 1) + sum(1, 1).replace('1', '2')),
			'archive_version_unsupported',
		],
		['a trailer without summary', () => fileOf(a, first('a', 0, 1)), 'archive_malformed'],
		['a wrong number of entries', () => fileOf(a, first('a', 0, 1) + sum(2, 1)), 'archive_malformed'],
		['a wrong number of frames', () => fileOf(a, first('a', 0, 1) + sum(1, 2)), 'archive_malformed'],
		[
			'a wrong number of trailer frames',
			() => fileOf(a, first('a', 0, 1) + sum(1, 1, 2)),
			'archive_malformed',
		],
		['no trailer frames', () => fileOf(a, first('a', 0, 1) + sum(1, 1, 0)), 'archive_malformed'],
		['a wrong count', () => fileOf(bc, first('b', 0, 1) + sum(1, 1)), 'archive_malformed'],
		['a wrong first path', () => fileOf(a, first('b', 0, 1) + sum(1, 1)), 'archive_malformed'],
		[
			'a wrong offset',
			() => fileOf(a, bc, first('a', 0, 1) + first('b', 1, 2) + sum(3, 2)),
			'archive_malformed',
		],
		[
			'frames out of order',
			() => fileOf(bc, a, first('b', 0, 2) + first('a', sizeOf(bc), 1) + sum(3, 2)),
			'archive_malformed',
		],
		[
			'entries out of order',
			() => fileOf(line('c') + line('b'), first('c', 0, 2) + sum(2, 1)),
			'archive_malformed',
		],
		['an entry twice', () => fileOf(a + a, first('a', 0, 2) + sum(2, 1)), 'archive_malformed'],
		[
			'entries that reach into the next frame',
			() =>
				fileOf(
					line('a') + line('c'),
					line('b'),
					first('a', 0, 2) + first('b', sizeOf(line('a') + line('c')), 1) + sum(3, 2),
				),
			'archive_malformed',
		],
		[
			'a frame left out of the trailer',
			() => fileOf(a, bc, first('a', 0, 1) + sum(1, 1)),
			'archive_malformed',
		],
		['entries after the trailer', () => fileOf(first('a', 0, 1) + sum(1, 1), a), 'archive_malformed'],
		[
			'a trailer with spaces',
			() => fileOf(a, first('a', 0, 1).replace(',', ', ') + sum(1, 1)),
			'archive_malformed',
		],
		['a negative offset', () => fileOf(a, first('a', -1, 1) + sum(1, 1)), 'archive_malformed'],
		['a line that is no JSON', () => fileOf('{"path\n', first('a', 0, 1) + sum(1, 1)), 'archive_malformed'],
		[
			'a frame without a line feed',
			() => fileOf(a.trimEnd(), first('a', 0, 1) + sum(1, 1)),
			'archive_malformed',
		],
		[
			'an entry with an unknown field',
			() => fileOf(a.replace('}', ',"x":1}'), first('a', 0, 1) + sum(1, 1)),
			'archive_malformed',
		],
		[
			'a trailer of 17 MiB',
			() => fileOf(...Array.from({ length: 9 }, () => `${'x'.repeat(2 * MiB)}\n`), sum(0, 0, 10)),
			'archive_malformed',
		],
	];
	it.each(cases)('is refused: %s', async (_, make, code) => {
		const file = make();
		expect(await codeOf(() => gather(readIndex(chunked(file))))).toBe(code);
		const atRandom = async () =>
			await gather((await openIndex(readerOf(file).readAt, file.length)).entriesUnder(''));
		expect(await codeOf(atRandom)).toBe(code);
	});

	it('is refused: bytes that are not UTF-8', async () => {
		const bad = Buffer.from(a.replace('"a"', '"\xff"'), 'latin1');
		const table = createSeekTable();
		const frame = zstdCompressSync(bad, { pledgedSrcSize: bad.length });
		const trailer = Buffer.from(first('\ufffd', 0, 1) + sum(1, 1));
		const closing = zstdCompressSync(trailer, { pledgedSrcSize: trailer.length });
		table.add(frame.length, bad.length);
		table.add(closing.length, trailer.length);
		const file = Buffer.concat([frame, closing, encodeSeekTable(table)]);
		expect(await codeOf(() => gather(readIndex(chunked(file))))).toBe('archive_malformed');
	});

	it('throws nothing but BackupErrors', async () => {
		const good = a + bc + first('a', 0, 1);
		const text = fc.oneof(
			fc
				.tuple(fc.nat(good.length), fc.string({ maxLength: 5 }))
				.map(([at, insert]) => good.slice(0, at) + insert + good.slice(at + 1)),
			fc.string(),
			fc.json().map((json) => `${json}\n`),
			fc.constantFrom(a, bc, first('a', 0, 1), sum(1, 1), sum(0, 0)),
		);
		await fc.assert(
			fc.asyncProperty(fc.array(text, { maxLength: 4 }), async (frames) => {
				const file = fileOf(...frames);
				const known = /^(none|archive_(malformed|truncated|version_unsupported))$/;
				expect(await codeOf(() => gather(readIndex(chunked(file))))).toMatch(known);
				const reading = async () => {
					const index = await openIndex(readerOf(file).readAt, file.length);
					await index.find('b');
					await gather(index.entriesUnder(''));
				};
				expect(await codeOf(reading)).toMatch(known);
			}),
			{ numRuns: 300 },
		);
	});
});
