import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import {
	encodeIndexEntry,
	entryLinkTarget,
	entryPath,
	parseIndexEntry,
	type IndexEntry,
} from '../../../../engine/format/index-entry';
import {
	createTarScanner,
	endOfArchive,
	extendedHeaderBytesMax,
} from '../../../../engine/format/tar-scanner';
import { createOddTree, describeTree, nameKey, noise, type TreeFacts } from '../../../trees/odd-tree';
import { chunkSizes, codeOf } from './chunks';
import { runTar, scan, tarOf } from './gnu-tar';
import { end, header, padded, pax, record, sparse, tar } from './tar-blocks';

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

describe('the tar of the odd tree', () => {
	let root: string;
	let facts: Map<string, TreeFacts>;
	let bytes: Buffer;
	let entries: IndexEntry[];

	beforeAll(() => {
		root = mkdtempSync(join(tmpdir(), 'tar-scanner-'));
		createOddTree(root, { trusted: true });
		facts = describeTree(root);
		bytes = tarOf(root);
		({ entries } = scan(bytes));
	});
	afterAll(() => rmSync(root, { recursive: true, force: true }));

	/** `./a/b` → `a/b` */
	const keyOf = (entry: IndexEntry) => {
		const path = entryPath(entry);
		return path.equals(Buffer.from('.')) ? '.' : nameKey(path.subarray(2));
	};

	it('has every entry of the tree, once', () => {
		expect(entries.map(keyOf).sort()).toEqual([...facts.keys()].sort());
		expect(entries.length).toBeGreaterThan(150);
	});

	it('says of each what lstat and sha256 say', () => {
		for (const entry of entries) {
			const known = facts.get(keyOf(entry))!;
			const told = {
				type: entry.type === 'hardlink' ? known.type : entry.type,
				mode: entry.mode.toString(8).padStart(4, '0'),
				uid: entry.uid,
				gid: entry.gid,
				mtimeNs: entry.mtimeNs,
				ctimeNs: entry.ctimeNs,
				xattrs: [...(entry.xattrs ?? [])].sort(),
			};
			const { type, mode, uid, gid, mtimeNs, ctimeNs } = known;
			// GNU tar writes attributes with the first name of a file only.
			const xattrs = entry.type === 'hardlink' ? [] : Object.keys(known.xattrs).sort();
			expect([keyOf(entry), told]).toEqual([
				keyOf(entry),
				{ type, mode, uid, gid, mtimeNs, ctimeNs, xattrs },
			]);
		}
	});

	it('gives size, content hash and sparseness of files', () => {
		for (const entry of entries.filter(({ type }) => type === 'file')) {
			const known = facts.get(keyOf(entry))!;
			expect([keyOf(entry), entry.size, entry.sha256]).toEqual([keyOf(entry), known.size, known.sha256]);
			if (known.sparse) expect([keyOf(entry), entry.sparse]).toEqual([keyOf(entry), true]);
		}
		expect(entries.filter(({ sparse: is }) => is)).toHaveLength(8);
	});

	it('gives link targets and device numbers', () => {
		for (const entry of entries) {
			const known = facts.get(keyOf(entry))!;
			if (entry.type === 'symlink') expect(nameKey(entryLinkTarget(entry)!)).toBe(known.linkTarget);
			if (entry.device) expect(`${entry.device.major}:${entry.device.minor}`).toBe(known.device);
			if (entry.type === 'hardlink') {
				expect(known.hardlinks).toContain(nameKey(entryLinkTarget(entry)!.subarray(2)));
			}
		}
		expect(entries.filter(({ type }) => type === 'hardlink')).toHaveLength(6);
	});

	it('places entries without gaps up to the end', () => {
		let position = 0;
		for (const { offset, length } of entries) {
			expect(offset).toBe(position);
			position += length;
		}
		expect(scan(bytes).passed).toHaveLength(position);
		expect(scan(bytes).passed.equals(bytes.subarray(0, position))).toBe(true);
	});

	it('places each so that tar can read it alone', () => {
		for (const name of [
			'sparse/many extents',
			'attributes/all',
			`names/${'n'.repeat(255)}`,
			'plain/4194304 bytes',
		]) {
			const { offset, length } = entries.find((entry) => keyOf(entry) === name)!;
			const alone = Buffer.concat([bytes.subarray(offset, offset + length), endOfArchive]);
			expect(runTar(['-t', '-f', '-'], alone).toString()).toBe(`./${name}\n`);
			expect(sha256(runTar(['-x', '-O', '-f', '-'], alone))).toBe(facts.get(name)!.sha256);
		}
	});

	it('is the same whatever the chunks', () => {
		const whole = entries.map(encodeIndexEntry);
		const check = (sizes: readonly number[]) =>
			expect(scan(bytes, sizes).entries.map(encodeIndexEntry)).toEqual(whole);
		check([bytes.length]);
		check([511]);
		check([512]);
		check([513]);
		fc.assert(
			fc.property(fc.array(fc.integer({ min: 300, max: 90_000 }), { minLength: 1, maxLength: 8 }), check),
			{ numRuns: 20 },
		);
	});

	it('gives entries that the index takes', () => {
		for (const entry of entries) expect(parseIndexEntry(JSON.parse(encodeIndexEntry(entry)))).toEqual(entry);
	});
});

describe('small tars', () => {
	let root: string;
	beforeEach(() => {
		root = mkdtempSync(join(tmpdir(), 'tar-scanner-'));
		for (const size of [0, 1, 511, 512, 513, 1024, 10_000])
			writeFileSync(join(root, `file ${size}`), noise(size, size));
		writeFileSync(join(root, 'n'.repeat(180)), 'long');
		mkdirSync(join(root, 'd'.repeat(200)));
		symlinkSync('t'.repeat(300), join(root, 'd'.repeat(200), 'l'.repeat(150)));
	});
	afterEach(() => rmSync(root, { recursive: true, force: true }));

	it('come out the same a byte at a time, and in any chunks', () => {
		const bytes = tarOf(root);
		const { entries } = scan(bytes, [bytes.length]);
		expect(entries).toHaveLength(11);
		expect(scan(bytes, [1])).toEqual({ entries, passed: scan(bytes).passed });
		fc.assert(
			fc.property(chunkSizes, (sizes) => {
				const scanned = scan(bytes, sizes);
				expect(scanned.entries).toEqual(entries);
				expect(scanned.passed.length).toBe(entries.at(-1)!.offset + entries.at(-1)!.length);
			}),
		);
	});

	it('can be concatenated and closed once', () => {
		writeFileSync(join(root, 'zz'), 'last');
		const first = scan(tarOf(root, ['file 0', 'file 513']), [100]);
		const second = scan(tarOf(root, ['zz']), [7], { baseOffset: first.passed.length });
		const joined = Buffer.concat([first.passed, second.passed, endOfArchive]);
		expect(runTar(['-t', '-f', '-'], joined).toString()).toBe('file 0\nfile 513\nzz\n');
		expect(scan(joined).entries).toEqual([...first.entries, ...second.entries]);
	});

	it('may be in GNU format with long names and large numbers', () => {
		const bytes = tarOf(
			root,
			['.'],
			['--format=gnu', '--sort=name', '--owner=someone:4294967294', '--mtime=@-5'],
		);
		const { entries } = scan(bytes, [777]);
		expect(entries.map(({ path }) => path)).toEqual(scan(tarOf(root)).entries.map(({ path }) => path));
		const link = entries.find(({ type }) => type === 'symlink');
		expect(link?.linkTarget).toBe('t'.repeat(300));
		expect(new Set(entries.map(({ uid }) => uid))).toEqual(new Set([4294967294]));
		expect(new Set(entries.map(({ mtimeNs }) => mtimeNs))).toEqual(new Set(['-5000000000']));
	});

	it('are cut wherever they end too early', async () => {
		const bytes = tarOf(root, ['file 513', 'file 0']);
		const size = scan(bytes).passed.length;
		for (let length = 0; length < size + endOfArchive.length; length += 37) {
			const cut = bytes.subarray(0, length);
			expect([length, await codeOf(() => scan(cut))]).toEqual([length, 'source_failed']);
			expect(await codeOf(() => scan(cut, [1000], { cutCode: 'archive_truncated' }))).toBe(
				'archive_truncated',
			);
		}
		expect(scan(bytes.subarray(0, size + endOfArchive.length)).entries).toHaveLength(2);
	});

	it('give the real size of a sparse file past 8 GiB, and hash it as stored', () => {
		const path = join(root, 'huge');
		writeFileSync(path, '');
		truncateSync(path, 9 * 1024 ** 3 + 3);
		const bytes = tarOf(root, ['huge']);
		const [entry] = scan(bytes).entries;
		expect(entry).toMatchObject({ path: 'huge', size: 9 * 1024 ** 3 + 3, sparse: true });
		const stored = bytes.subarray(entry!.offset + entry!.length - 512, entry!.offset + entry!.length);
		expect(entry).toMatchObject({ sha256Stored: sha256(stored) });
		expect(entry?.sha256).toBeUndefined();
	});
});

describe('what entries may look like', () => {
	const only = (...parts: readonly Buffer[]) => scan(tar(...parts)).entries[0]!;

	it('joins a ustar prefix', () => expect(only(header({ name: 'b', prefix: 'a' })).path).toBe('a/b'));
	it('takes the old flag of regular files and contiguous ones', () => {
		expect(only(header({ type: '\0' })).type).toBe('file');
		expect(only(header({ type: '7', size: 3 }), padded('abc')).sha256).toBe(sha256('abc'));
	});
	it('cuts the slash of folders', () => expect(only(header({ name: 'a/b//', type: '5' })).path).toBe('a/b'));
	it('keeps a path of slashes', () => expect(only(header({ name: '//', type: '5' })).path).toBe('/'));
	it('keeps paths as they are', () => expect(only(header({ name: '../x' })).path).toBe('../x'));
	it('prefers pax to the header', () => {
		expect(
			only(pax({ path: 'long', uid: '7', size: '3', mtime: '1.5' }), header({ size: 0 }), padded('abc')),
		).toMatchObject({
			path: 'long',
			uid: 7,
			size: 3,
			mtimeNs: '1500000000',
			sha256: sha256('abc'),
			offset: 0,
			length: 512 + 512 + 512 + 512,
		});
	});
	it('keeps bytes that are not UTF-8', () => {
		expect(only(header({ name: Buffer.from([0x61, 0xff]) }))).toMatchObject({ pathBase64: 'Yf8=' });
		expect(only(pax({ linkpath: Buffer.from([0xff]) }), header({ type: '2' })).linkTargetBase64).toBe('/w==');
	});
	it('takes an empty extended header', () => expect(only(pax(Buffer.alloc(0)), header()).path).toBe('name'));
	it('takes mode bits past twelve as noise', () =>
		expect(only(header({ mode: '0100644' })).mode).toBe(0o644));
	it('takes a sparse file', () => {
		const entry = only(sparse(20, '2\n5\n3\n20\n0\n', 'abc'));
		const content = Buffer.alloc(20);
		content.write('abc', 5);
		expect(entry).toMatchObject({ path: 'real name', size: 20, sparse: true, sha256: sha256(content) });
	});

	it.each<[string, () => Buffer]>([
		['a wrong checksum', () => header({ checksumError: 1 })],
		['no magic', () => header({ magic: '\0\0\0\0\0\0\0\0' })],
		['noise', () => Buffer.alloc(512, 0xaa)],
		['a negative size', () => header({ size: Buffer.alloc(12, 0xff) })],
		['a huge size', () => header({ size: Buffer.from('80ffffffffffffffffffffff', 'hex') })],
		[
			'a size that passes 2^53 with its offset',
			() => Buffer.concat([pax({ size: '9007199254740991' }), header()]),
		],
		['a negative owner', () => header({ uid: Buffer.alloc(8, 0xff) })],
		['an owner past 32 bits', () => Buffer.concat([pax({ uid: '4294967296' }), header()])],
		['no path', () => Buffer.concat([pax({ path: '' }), header()])],
		['a NUL in its path', () => Buffer.concat([pax({ path: 'a\0b' }), header()])],
		['a path of 64 KiB and a byte', () => Buffer.concat([pax({ path: 'a'.repeat(65_537) }), header()])],
		['a file whose path ends with a slash', () => header({ name: 'a/' })],
		['a link without target', () => header({ type: '2' })],
		['a NUL in its link target', () => Buffer.concat([pax({ linkpath: 'a\0b' }), header({ type: '2' })])],
		[
			'a hardlink with data',
			() => Buffer.concat([header({ type: '1', linkName: 'x', size: 1 }), padded('a')]),
		],
		['a folder with data', () => Buffer.concat([header({ type: '5', size: 1 }), padded('a')])],
		[
			'a symlink with data by pax',
			() => Buffer.concat([pax({ size: '1' }), header({ type: '2', linkName: 'x' })]),
		],
		['a device without numbers', () => header({ type: '3' })],
		['a global extended header', () => header({ type: 'g' })],
		['an old sparse file', () => header({ type: 'S' })],
		['a volume label', () => header({ type: 'V' })],
		['a continued file', () => header({ type: 'M' })],
		['a directory dump', () => header({ type: 'D' })],
		['an unknown type', () => header({ type: '\xff' })],
		['two extended headers', () => Buffer.concat([pax({ path: 'a' }), pax({ path: 'b' }), header()])],
		['two kinds of long names', () => Buffer.concat([longName('a'), pax({ path: 'b' }), header()])],
		['an extended header past 16 MiB', () => header({ type: 'x', size: extendedHeaderBytesMax + 1 })],
		['an extended header of noise', () => pax(Buffer.from('noise'))],
		['records that pass its end', () => Buffer.concat([pax(Buffer.from('999 path=x\n')), header()])],
		['an end after an extended header', () => pax({ path: 'a' })],
		['a sparse form 0.1', () => Buffer.concat([pax({ 'GNU.sparse.size': '1' }), header()])],
		['a sparse form 2.0', () => sparse(1, '0\n', '', { 'GNU.sparse.major': '2' })],
		[
			'a sparse file without size',
			() =>
				Buffer.concat([
					pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'x' }),
					header(),
				]),
		],
		['a sparse file without map', () => Buffer.concat([sparse(1, '', '')])],
		[
			'a sparse link',
			() => Buffer.concat([sparse(1, '0\n', '').subarray(0, 1024), header({ type: '2', linkName: 'x' })]),
		],
		['a sparse map that lies', () => sparse(10, '1\n5\n100\n', 'abc')],
		['something after the end', () => Buffer.concat([end, header()])],
		['something right after a lone zero block', () => Buffer.concat([Buffer.alloc(512), header()])],
	])('refuses %s', async (_, make) => {
		const bytes = tar(make());
		for (const sizes of [[bytes.length], [1]])
			expect(await codeOf(() => scan(bytes, sizes))).toBe('archive_malformed');
	});

	it('refuses a lone zero block at the end', async () => {
		const bytes = Buffer.concat([header(), Buffer.alloc(512)]);
		expect(await codeOf(() => scan(bytes))).toBe('source_failed');
	});

	it('passes on what the listener throws', () => {
		const failure = new Error('not that entry');
		const onEntry = () => {
			throw failure;
		};
		expect(() => scan(tar(header()), [9], { onEntry })).toThrow(failure);
	});

	it('keeps no part of a chunk', () => {
		const bytes = tar(
			pax({ path: 'kept' }),
			header({ size: 600 }),
			padded(noise(600, 1)),
			header({ type: '2', linkName: 'target' }),
		);
		const reused = Buffer.alloc(333);
		const entries: IndexEntry[] = [];
		const scanner = createTarScanner({ baseOffset: 0, onEntry: (entry) => entries.push(entry) });
		for (let at = 0; at < bytes.length; at += reused.length) {
			const copied = bytes.copy(reused, 0, at);
			scanner.push(reused.subarray(0, copied));
		}
		scanner.end();
		expect(entries).toEqual(scan(bytes).entries);
	});

	it('holds no more than one extended header, whatever is claimed', () => {
		const scanner = createTarScanner({ baseOffset: 0, onEntry: () => undefined });
		const before = process.memoryUsage().arrayBuffers;
		scanner.push(header({ type: 'x', size: extendedHeaderBytesMax }));
		const piece = Buffer.alloc(65_536, 'x');
		for (let pushed = 0; pushed < extendedHeaderBytesMax - piece.length; pushed += piece.length)
			scanner.push(piece);
		expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(extendedHeaderBytesMax + 1_000_000);
	});

	it('throws nothing but BackupErrors, whatever it is given', async () => {
		const valid = tar(
			pax({ path: 'some/long/name', mtime: '1.5', 'SCHILY.xattr.user.x': 'y' }),
			header({ size: 700 }),
			padded(noise(700, 3)),
			sparse(5000, '1\n100\n50\n', noise(50, 4)),
			longName('gnu'),
			header({ type: '2', linkName: 'x' }),
		);
		const edits = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
		const fields = fc.record(
			{
				type: fc.constantFrom('0', '1', '2', '3', '5', '6', 'x', 'L', 'K', 'g', 'S'),
				size: fc.oneof(
					fc.nat(2000),
					fc.uint8Array({ minLength: 12, maxLength: 12 }).map((array) => Buffer.from(array)),
				),
				linkName: fc.string({ maxLength: 20 }),
				mode: fc.string({ maxLength: 7 }),
			},
			{ requiredKeys: [] },
		);
		const input = fc.oneof(
			edits.map((list) => {
				const bytes = Buffer.from(valid);
				for (const [at, byte] of list) bytes[at] = byte;
				return bytes;
			}),
			// Well-formed headers around anything, so that the fuzz gets past the checksum.
			fc
				.array(
					fc.oneof(
						fields.map(header),
						fc.uint8Array({ maxLength: 600 }).map((array) => padded(Buffer.from(array))),
					),
					{
						maxLength: 6,
					},
				)
				.map((parts) => tar(...parts)),
			fc
				.dictionary(
					fc.constantFrom(
						'path',
						'size',
						'mtime',
						'GNU.sparse.major',
						'GNU.sparse.minor',
						'GNU.sparse.name',
						'GNU.sparse.realsize',
					),
					fc.oneof(fc.constantFrom('0', '1', '600'), fc.string()),
				)
				.map((records) =>
					tar(
						pax(Buffer.concat(Object.entries(records).map(([key, value]) => record(key, value)))),
						header({ size: 600 }),
						padded(noise(600, 2)),
					),
				),
		);
		await fc.assert(
			fc.asyncProperty(input, chunkSizes, async (bytes, sizes) => {
				expect(await codeOf(() => scan(bytes, sizes))).toMatch(/^(none|archive_malformed|source_failed)$/);
			}),
			{ numRuns: 1500 },
		);
	});
});

function longName(name: string): Buffer {
	return Buffer.concat([
		header({ name: '././@LongLink', type: 'L', magic: 'ustar  \0', size: name.length + 1 }),
		padded(`${name}\0`),
	]);
}
