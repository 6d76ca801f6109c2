import {
	encodeIndexEntry,
	entryLinkTarget,
	entryPath,
	parseIndexEntry,
	type IndexEntry,
} from '../../../../engine/format/index-entry';
import { codeOf } from './chunks';

const hash = 'ab'.repeat(32);
const file: IndexEntry = {
	path: 'volumes/data/file',
	type: 'file',
	size: 5,
	mode: 0o4755,
	uid: 1000,
	gid: 4294967295,
	mtimeNs: '-1500000000',
	ctimeNs: '0',
	sha256: hash,
	offset: 1024,
	length: 1024,
};
const { sha256: _, ctimeNs: __, ...bare } = file;
const other = (fields: Partial<IndexEntry>): IndexEntry => ({ ...bare, size: 0, ...fields });

const valid: readonly IndexEntry[] = [
	file,
	{ ...file, sparse: true },
	{ ...bare, sparse: true, sha256Stored: hash, size: Number.MAX_SAFE_INTEGER },
	{ ...file, xattrs: ['user.a', 'security.capability'] },
	{ ...file, path: undefined, pathBase64: Buffer.from([0xff, 0x2f]).toString('base64') },
	{ ...file, path: 'new\nline "quoted" \u2028 \u{1f600}' },
	other({ type: 'directory' }),
	other({ type: 'fifo' }),
	other({ type: 'symlink', linkTarget: '../x' }),
	other({ type: 'hardlink', linkTargetBase64: Buffer.from([0xfe]).toString('base64') }),
	other({ type: 'character', device: { major: 1, minor: 3 } }),
	other({ type: 'block', device: { major: 4294967295, minor: 0 } }),
];

const without = (entry: IndexEntry, name: keyof IndexEntry) => {
	const { [name]: _removed, ...rest } = entry;
	return rest;
};

describe('index entry', () => {
	it.each(valid.map((entry) => [encodeIndexEntry(entry), entry] as const))('%s comes back', (line, entry) => {
		expect(parseIndexEntry(JSON.parse(line))).toEqual(entry);
		expect(encodeIndexEntry(parseIndexEntry(JSON.parse(line)))).toBe(line);
		expect(line).not.toContain('\n');
	});

	it('has its fields in one order, whatever the object’s', () => {
		const shuffled = Object.fromEntries(Object.entries(file).reverse()) as unknown as IndexEntry;
		expect(encodeIndexEntry(shuffled)).toBe(encodeIndexEntry(file));
		expect(encodeIndexEntry(file)).toBe(
			`{"path":"volumes/data/file","type":"file","size":5,"mode":2541,"uid":1000,"gid":4294967295,` +
				`"mtimeNs":"-1500000000","ctimeNs":"0","sha256":"${hash}","offset":1024,"length":1024}`,
		);
	});

	it('gives the raw bytes of names', () => {
		expect(entryPath({ path: 'ü' })).toEqual(Buffer.from('ü'));
		expect(entryPath({ pathBase64: '/w==' })).toEqual(Buffer.from([0xff]));
		expect(entryLinkTarget(other({ type: 'symlink', linkTarget: 'x' }))).toEqual(Buffer.from('x'));
		expect(entryLinkTarget(other({ type: 'symlink', linkTargetBase64: '/w==' }))).toEqual(
			Buffer.from([0xff]),
		);
		expect(entryLinkTarget(file)).toBeUndefined();
	});

	it.each<[string, unknown]>([
		['nothing', undefined],
		['null', null],
		['a string', 'file'],
		['a list', [file]],
		['an unknown field', { ...file, extra: 1 }],
		['a prototype', JSON.parse(`{"__proto__":{},${encodeIndexEntry(file).slice(1)}`)],
		['no path', without(file, 'path')],
		['two paths', { ...file, pathBase64: '/w==' }],
		['an empty path', { ...file, path: '' }],
		['a NUL in the path', { ...file, path: 'a\0b' }],
		['half a surrogate pair', { ...file, path: '\ud83d' }],
		['base64 of UTF-8', { ...without(file, 'path'), pathBase64: 'YWJj' }],
		['base64 that is none', { ...without(file, 'path'), pathBase64: '/w' }],
		[
			'base64 with a NUL',
			{ ...without(file, 'path'), pathBase64: Buffer.from([0xff, 0]).toString('base64') },
		],
		['an unknown type', { ...file, type: 'socket' }],
		['no size', without(file, 'size')],
		['a negative size', { ...file, size: -1 }],
		['a fraction', { ...file, size: 1.5 }],
		['a size past 2^53', { ...file, size: 2 ** 53 }],
		['a size as text', { ...file, size: '5' }],
		['minus zero', { ...file, size: -0 }],
		['a folder with a size', other({ type: 'directory', size: 1 })],
		['file type bits in the mode', { ...file, mode: 0o100644 }],
		['an owner past 32 bits', { ...file, uid: 2 ** 32 }],
		['a time that is a number', { ...file, mtimeNs: 1 }],
		['a time with a fraction', { ...file, mtimeNs: '1.5' }],
		['minus zero nanoseconds', { ...file, mtimeNs: '-0' }],
		['a leading zero in a time', { ...file, mtimeNs: '01' }],
		['an endless time', { ...file, ctimeNs: '9'.repeat(31) }],
		['a file with a link target', { ...file, linkTarget: 'x' }],
		['a symlink without one', other({ type: 'symlink' })],
		['a symlink with two', other({ type: 'symlink', linkTarget: 'x', linkTargetBase64: '/w==' })],
		['a file with a device', { ...file, device: { major: 1, minor: 1 } }],
		['a device without numbers', other({ type: 'block' })],
		['a device with half of them', { ...other({ type: 'block' }), device: { major: 1 } }],
		['a device with more', { ...other({ type: 'block' }), device: { major: 1, minor: 1, x: 1 } }],
		['a device with a negative number', other({ type: 'block', device: { major: -1, minor: 1 } })],
		['sparse: false', { ...file, sparse: false }],
		['a sparse folder', other({ type: 'directory', sparse: true })],
		['an empty list of xattrs', { ...file, xattrs: [] }],
		['an xattr that is no string', { ...file, xattrs: [1] }],
		['xattrs past all bounds', { ...file, xattrs: ['x'.repeat(200_000)] }],
		['a file without a hash', without(file, 'sha256')],
		['a file with two hashes', { ...file, sparse: true, sha256Stored: hash }],
		['a stored hash of a file that is not sparse', { ...bare, sha256Stored: hash }],
		['a hash in capitals', { ...file, sha256: hash.toUpperCase() }],
		['a short hash', { ...file, sha256: hash.slice(1) }],
		['a folder with a hash', other({ type: 'directory', sha256: hash })],
		['an offset between blocks', { ...file, offset: 1 }],
		['a length of zero', { ...file, length: 0 }],
		['a length between blocks', { ...file, length: 1000 }],
		['an end past 2^53', { ...file, offset: 2 ** 53 - 512 }],
	])('refuses %s', async (_case, value) => {
		expect(await codeOf(() => parseIndexEntry(value))).toBe('archive_malformed');
	});
});
