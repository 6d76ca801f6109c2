import * as fc from 'fast-check';
import { parsePax } from '../../../../engine/format/pax';
import { codeOf } from './chunks';
import { record } from './tar-blocks';

const of = (...records: (readonly [string, string])[]) =>
	Buffer.concat(records.map(([key, value]) => record(key, value)));

describe('parsePax', () => {
	it('reads every record it knows and passes over the others', () => {
		const records = parsePax(
			of(
				['path', 'a/b\xff'],
				['linkpath', 'target'],
				['size', '8589934592'],
				['uid', '4294967294'],
				['gid', '2097152'],
				['mtime', '-1.5'],
				['ctime', '2.25'],
				['atime', 'whatever'],
				['uname', 'someone'],
				['GNU.sparse.major', '1'],
				['GNU.sparse.minor', '0'],
				['GNU.sparse.name', 'real'],
				['GNU.sparse.realsize', '77'],
				['comment', 'x=y\nz'],
			),
		);
		expect(records).toEqual({
			path: Buffer.from('a/b\xff', 'latin1'),
			linkPath: Buffer.from('target'),
			size: 8589934592,
			uid: 4294967294,
			gid: 2097152,
			mtimeNs: '-1500000000',
			ctimeNs: '2250000000',
			sparseMajor: 1,
			sparseMinor: 0,
			sparseName: Buffer.from('real'),
			sparseSize: 77,
			xattrs: new Set(),
		});
	});

	it('names attributes and ACLs as the kernel does, once each', () => {
		const { xattrs } = parsePax(
			of(
				['SCHILY.acl.access', 'user::rw-'],
				['SCHILY.acl.default', 'user::rwx'],
				['SCHILY.xattr.user.a%3Db%253D', '1=2\n3'],
				['SCHILY.xattr.system.posix_acl_access', '\x02\0'],
				['SCHILY.xattr.user.\xc3\xa9', ''],
				['RHT.security.selinux', 'label'],
			),
		);
		expect([...xattrs]).toEqual([
			'system.posix_acl_access',
			'system.posix_acl_default',
			'user.a=b%3D',
			'user.é',
			'security.selinux',
		]);
	});

	it('lets the last of two records win and takes empty values', () => {
		expect(parsePax(of(['path', 'one'], ['path', ''])).path).toEqual(Buffer.alloc(0));
	});

	it.each<[string, string]>([
		['no length', ' path=x\n'],
		['a length of zero', '0 path=x\n'],
		['a length too small', '5 path=x\n'],
		['a length one short', '9 path=xy\n'],
		['a length past the end', '12 path=xy\n'],
		['a huge length', '99999999999999999999 path=x\n'],
		['a negative length', '-9 path=x\n'],
		['no space', '10path=xyz'],
		['no equals sign', '10 pathxyz\n'],
		['no name', '6 =xy\n'],
		['no line feed', '10 path=xyz'],
		['an equals sign only in the next record', '7 path\n10 path=xy\n'],
		['garbage after the last record', '9 path=x\ngarbage'],
		['zeros after the last record', '9 path=x\n\0\0\0'],
		['an attribute without a name', '18 SCHILY.xattr.=\n'],
		['a size that is no number', '12 size=-10\n'],
		['a sparse map of version 0.1', '20 GNU.sparse.map=1\n'],
	])('refuses %s', async (_, text) => {
		expect(await codeOf(() => parsePax(Buffer.from(text, 'latin1')))).toBe('archive_malformed');
	});

	it('refuses more attribute names than Linux has', async () => {
		const many = Array.from(
			{ length: 3000 },
			(_, index) => [`SCHILY.xattr.user.${'n'.repeat(40)}${index}`, ''] as const,
		);
		expect(await codeOf(() => parsePax(of(...many)))).toBe('archive_malformed');
	});

	it('throws nothing but BackupErrors and keeps nothing of its input', async () => {
		const valid = of(['path', 'abc'], ['mtime', '1.5'], ['SCHILY.xattr.user.x', 'y']);
		const edited = fc
			.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 })
			.map((edits) => {
				const bytes = Buffer.from(valid);
				for (const [at, byte] of edits) bytes[at] = byte;
				return bytes;
			});
		await fc.assert(
			fc.asyncProperty(
				fc.oneof(
					edited,
					fc.uint8Array().map((array) => Buffer.from(array)),
				),
				async (bytes) => {
					expect(await codeOf(() => parsePax(bytes))).toMatch(/^(none|archive_malformed)$/);
				},
			),
			{ numRuns: 2000 },
		);
		const input = Buffer.from(valid);
		const { path } = parsePax(input);
		input.fill(0);
		expect(path).toEqual(Buffer.from('abc'));
	});
});
