import fc from 'fast-check';
import {
	compareEntries,
	differingAspects,
	touchesContent,
	type ComparedEntry,
} from '../../../../engine/pipeline/compare-entries';
import { entryPath, pathFields, type IndexEntry } from '../../../../engine/format/index-entry';
import { comparePaths } from '../../../../engine/format/path-order';

const file: IndexEntry = {
	path: 'volumes/v/a',
	type: 'file',
	size: 3,
	mode: 0o644,
	uid: 0,
	gid: 0,
	mtimeNs: '5',
	sha256: 'a'.repeat(64),
	offset: 0,
	length: 1024,
};
const { sha256: _, ...bare } = { ...file, size: 0 };
const link: IndexEntry = { ...bare, type: 'hardlink', linkTarget: 'volumes/v/0' };
const symlink: IndexEntry = { ...bare, type: 'symlink', linkTarget: 'x' };
const device: IndexEntry = { ...bare, type: 'block', device: { major: 1, minor: 2 } };
const { sha256: _hash, ...unhashed } = file;
const sparse: IndexEntry = { ...unhashed, sparse: true, sha256Stored: 'b'.repeat(64) };

test.each<[string, IndexEntry, IndexEntry, string[]]>([
	['the same', file, { ...file }, []],
	['another place in another archive', file, { ...file, offset: 512, length: 2048 }, []],
	['ctime', { ...file, ctimeNs: '1' }, { ...file, ctimeNs: '2' }, []],
	['size and content', file, { ...file, size: 4, sha256: 'c'.repeat(64) }, ['size', 'content']],
	['content of the same size', file, { ...file, sha256: 'c'.repeat(64) }, ['content']],
	['a file whose holes are stored', file, { ...file, sparse: true }, []],
	['a very sparse file', sparse, { ...sparse, sha256Stored: 'c'.repeat(64) }, ['content']],
	['a file that became very sparse', file, sparse, ['content']],
	['set-id bits', file, { ...file, mode: 0o4644 }, ['mode']],
	['user', file, { ...file, uid: 1 }, ['owner']],
	['group', file, { ...file, gid: 1 }, ['owner']],
	['a nanosecond', file, { ...file, mtimeNs: '6' }, ['mtime']],
	['attributes in another order', { ...file, xattrs: ['a', 'b'] }, { ...file, xattrs: ['b', 'a'] }, []],
	['an attribute more', file, { ...file, xattrs: ['user.a'] }, ['xattrs']],
	['an attribute instead of another', { ...file, xattrs: ['a'] }, { ...file, xattrs: ['b'] }, ['xattrs']],
	['where a symbolic link leads', symlink, { ...symlink, linkTarget: 'y' }, ['link']],
	['bytes of a link', symlink, { ...bare, type: 'symlink', linkTargetBase64: '/w==' }, ['link']],
	['the file of a hard link', link, { ...link, linkTarget: 'volumes/v/1' }, ['link']],
	['a hard link that became a file', link, { ...file, mode: 0o600 }, ['mode', 'link']],
	['a file that became a hard link', { ...file, xattrs: ['user.a'] }, link, ['link']],
	['a file that became a symbolic link', file, { ...symlink, mode: 0o777, uid: 5 }, ['type']],
	['a hard link that became a folder', link, { ...bare, type: 'directory' }, ['type']],
	['a device', device, { ...device, device: { major: 1, minor: 3 } }, ['device']],
])('%s', (_name, a, b, expected) => {
	expect(differingAspects(a, b)).toEqual(expected);
	expect(differingAspects(b, a)).toEqual(expected);
});

test.each<[ComparedEntry['kind'], ComparedEntry['what'], boolean]>([
	['same', [], false],
	['added', [], true],
	['removed', [], true],
	['changed', ['mode', 'owner', 'mtime', 'xattrs'], false],
	['changed', ['mtime', 'content'], true],
	['changed', ['type'], true],
	['changed', ['size'], true],
	['changed', ['link'], true],
	['changed', ['device'], true],
])('content: %s %j', (kind, what, expected) => {
	expect(touchesContent({ entry: file, kind, what })).toBe(expected);
});

async function* streamOf(entries: readonly IndexEntry[], closed: () => void = () => undefined) {
	try {
		for (const entry of entries) yield await Promise.resolve(entry);
	} finally {
		closed();
	}
}

async function told(first: readonly IndexEntry[], second: readonly IndexEntry[]): Promise<string[]> {
	const lines: string[] = [];
	for await (const { entry, kind, what } of compareEntries(streamOf(first), streamOf(second)))
		lines.push(`${kind} ${entryPath(entry).toString('latin1')} ${what.join()}`);
	return lines;
}

/** Names that meet around the slash, which comes before every other byte, and ones that are not UTF-8. */
const tree = fc
	.uniqueArray(
		fc.tuple(
			fc
				.array(fc.constantFrom('a', 'b', 'a-', 'a.b', '\xff', 'a\xff'), { minLength: 1, maxLength: 3 })
				.map((parts) => parts.join('/')),
			fc.constantFrom<Partial<IndexEntry>>({}, { mode: 0o600 }, { size: 4, sha256: 'c'.repeat(64) }),
		),
		{ selector: ([path]) => path, maxLength: 12 },
	)
	.map((entries) =>
		entries
			.map(([path, change]): IndexEntry => {
				const { path: _path, ...rest } = { ...file, ...change };
				return { ...pathFields(Buffer.from(path, 'latin1')), ...rest };
			})
			.sort((a, b) => comparePaths(entryPath(a), entryPath(b))),
	);

test('as a comparison by looking up every path', async () => {
	await fc.assert(
		fc.asyncProperty(tree, tree, async (first, second) => {
			const nameOf = (entry: IndexEntry) => entryPath(entry).toString('latin1');
			const [old, now] = [first, second].map((entries) => new Map(entries.map((e) => [nameOf(e), e])));
			const names = [...new Set([...old!.keys(), ...now!.keys()])].sort((a, b) =>
				comparePaths(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')),
			);
			const expected = names.map((name) => {
				const [a, b] = [old!.get(name), now!.get(name)];
				if (!a || !b) return `${a ? 'removed' : 'added'} ${name} `;
				const what = [
					...(a.size === b.size ? [] : ['size']),
					...(a.mode === b.mode ? [] : ['mode']),
					...(a.sha256 === b.sha256 ? [] : ['content']),
				];
				return `${what.length === 0 ? 'same' : 'changed'} ${name} ${what.join()}`;
			});
			expect(await told(first, second)).toEqual(expected);
		}),
	);
});

test.each([
	['the first', true],
	['the second', false],
])('when %s fails, the error comes out and both are closed', async (_name, firstFails) => {
	let closed = 0;
	const sound = streamOf([file, { ...file, path: 'volumes/v/b' }], () => (closed += 1));
	async function* failing() {
		try {
			yield await Promise.resolve(file);
			throw new Error('unreadable');
		} finally {
			closed += 1;
		}
	}
	const compared = firstFails ? compareEntries(failing(), sound) : compareEntries(sound, failing());
	const read = async () => {
		for await (const _entry of compared);
	};
	await expect(read()).rejects.toThrow('unreadable');
	expect(closed).toBe(2);
});

test('who stops early closes both', async () => {
	let closed = 0;
	const close = () => (closed += 1);
	for await (const _entry of compareEntries(streamOf([file], close), streamOf([file], close))) break;
	expect(closed).toBe(2);
});
