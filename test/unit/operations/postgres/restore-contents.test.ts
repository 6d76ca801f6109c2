import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { incomplete, parseContents, type DumpContents } from '../../../../operations/postgres/dump-contents';
import { openDump } from '../../../../operations/postgres/dump-head';
import { chosenEntries, rolesOf } from '../../../../operations/postgres/dump-roles';

/** Real dumps of vectors/dump.sql. */
const dumps = ['dump-15.dump', 'dump-17.dump'].map(
	(name) => [name, readFileSync(join(__dirname, '../../../vectors', name))] as const,
);

function contentsOf(dump: Buffer): DumpContents {
	const contents = parseContents(dump);
	if (contents === null || contents === incomplete) throw new Error('no contents');
	return contents;
}

describe.each(dumps)('%s', (name, dump) => {
	const { dumpVersion, entries } = contentsOf(dump);
	const everybody = ['alice', 'größe', 'carol', 'dave', 'role', 'granted', 'postgres', 'Bob "the" X, TO eve'];

	test('what it holds is read', () => {
		expect(dumpVersion.startsWith(name.slice(5, 7))).toBe(true);
		expect(entries.find(({ type }) => type === 'TABLE')).toMatchObject({
			tag: 't',
			schema: 's 1',
			owner: 'alice',
			tablespace: '',
		});
		expect(entries.map(({ type }) => type)).toEqual(
			expect.arrayContaining(['FUNCTION', 'POLICY', 'TABLE DATA']),
		);
	});

	test('owners and whoever is granted something are named, and nobody else', () => {
		expect([...rolesOf(entries)].sort()).toEqual([...everybody].sort());
	});

	test('a selection needs fewer roles', () => {
		const chosen = chosenEntries(entries, ['public'], []);
		expect([...rolesOf(chosen)].sort()).toEqual(['alice', 'carol', 'dave', 'postgres', 'role']);
		expect(chosenEntries(entries, [], ['nothing'])).toEqual([]);
	});

	test('any cut within the table of contents is known as one, and no cut as anything else', () => {
		const kinds = Array.from({ length: dump.length }, (_, cut) => parseContents(dump.subarray(0, cut)));
		const whole = kinds.findIndex((kind) => kind !== incomplete);
		expect(whole).toBeGreaterThan(1000);
		expect(
			kinds.slice(whole).every((kind) => kind !== incomplete && kind?.entries.length === entries.length),
		).toBe(true);
	});

	test.each([1, 7, 100, 1_000_000])('the stream stays as it was, in pieces of %i', async (size) => {
		const pieces = Array.from({ length: Math.ceil(dump.length / size) }, (_, i) =>
			dump.subarray(i * size, (i + 1) * size),
		);
		const opened = await openDump(Readable.from(pieces, { objectMode: false }));
		expect(opened.contents).toEqual(contentsOf(dump));
		expect(Buffer.concat(await opened.dump.toArray())).toEqual(dump);
	});

	test('one that ends too early is refused', async () => {
		const cut = Readable.from([dump.subarray(0, 500)], { objectMode: false });
		await expect(openDump(cut)).rejects.toMatchObject({ code: 'archive_malformed' });
	});
});

test('what is no dump is refused; one of a later version is not guessed at', () => {
	const [, dump] = dumps[0]!;
	expect(() => parseContents(Buffer.from('SELECT 1; -- a plain dump'))).toThrow('does not begin as one');
	const later = Buffer.from(dump);
	later[6] = 17;
	expect(parseContents(later)).toBeNull();
	const directory = Buffer.from(dump);
	directory[10] = 5;
	expect(() => parseContents(directory)).toThrow('custom format');
});

test('closing what was opened closes the content', async () => {
	const content = Readable.from([dumps[0]![1], Buffer.alloc(10)], { objectMode: false });
	const { dump } = await openDump(content);
	dump.destroy();
	await new Promise((resolve) => content.once('close', resolve));
	expect(content.destroyed).toBe(true);
});
