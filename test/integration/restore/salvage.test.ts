/** What a damaged archive still gives, and what is said of the rest; and that without asking nothing damaged is used. */
import { existsSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RestoreReport } from '../../../operations/restore-way';
import { scratchDirectories } from '../../fakes/directories';
import { entriesOf, forge, restore, type Forged, type ForgeOptions } from './forge';
import { largeBytes, makeTree, tarOf } from './tree';

const directory = scratchDirectories();
const tar = tarOf(makeTree(directory()));
const all = entriesOf(tar).map(({ path = '' }) => path);

interface Saved {
	readonly report: RestoreReport;
	readonly to: string;
	readonly names: readonly string[];
}

const fresh = (options: ForgeOptions = {}) => forge(directory(), tar, { volumes: ['v', 'w'], ...options });
const pathOf = ({ directory: repository, record }: Forged, role: 'archive' | 'index') =>
	join(repository, record.files.find((file) => file.role === role)!.path);

function flip(path: string, at: number): void {
	const bytes = readFileSync(path);
	bytes[at]! ^= 0x20;
	writeFileSync(path, bytes);
}

const targets = (to: string) => ['v', 'w'].map((name) => ({ source: name, path: join(to, name) }));

async function salvage(forged: Forged): Promise<Saved> {
	const to = join(directory(), 'new');
	await expect(restore(forged, { mode: 'directory', targets: targets(to) })).rejects.toMatchObject({
		code: expect.stringMatching(/^(archive_|checksum_|index_)/) as string,
	});
	expect(existsSync(to)).toBe(false);
	const report = await restore(forged, { mode: 'directory', targets: targets(to), salvage: true });
	return { report, to, names: readdirSync(to, { recursive: true }).map((name) => `volumes/${String(name)}`) };
}

const lostPaths = ({ report }: Saved) => report.lost.map(({ path }) => path);

test.each<[name: string, options: ForgeOptions]>([
	['encrypted', {}],
	['not encrypted', { encrypted: false }],
	['not compressed', { compressed: false }],
])('a flipped bit in a large file, %s: only this file is lost', async (_name, options) => {
	const forged = await fresh(options);
	flip(pathOf(forged, 'archive'), largeBytes / 2);
	const saved = await salvage(forged);
	expect(lostPaths(saved)).toEqual(['volumes/v/large']);
	expect(saved.report).toMatchObject({ lostEntries: 1, entries: all.length - 1 });
	expect([...saved.names].sort()).toEqual(all.filter((path) => path !== 'volumes/v/large').sort());
	expect(readFileSync(join(saved.to, 'w/file'), 'utf8')).toBe('w');
});

test('the start is damaged: what lies there is lost, the links to it too', async () => {
	const forged = await fresh();
	flip(pathOf(forged, 'archive'), 3000);
	const saved = await salvage(forged);
	expect(lostPaths(saved)).toEqual(
		expect.arrayContaining(['volumes/v', 'volumes/v/conf/app.ini', 'volumes/v/second/name']),
	);
	expect(saved.names).toContain('volumes/v/symlink');
	expect(saved.report.entries + saved.report.lostEntries).toBe(all.length);
	const link = saved.report.lost.find(({ path }) => path === 'volumes/v/second/name');
	expect(link?.reason).toContain('volumes/v/first/name');
});

test('the end is missing: everything before it is saved', async () => {
	const forged = await fresh();
	truncateSync(pathOf(forged, 'archive'), largeBytes / 2);
	const saved = await salvage(forged);
	const cut = all.indexOf('volumes/v/large');
	expect(lostPaths(saved)).toEqual(all.slice(cut));
	expect([...saved.names].sort()).toEqual(all.slice(0, cut).sort());
});

test('bytes were appended: nothing is lost', async () => {
	const forged = await fresh();
	writeFileSync(pathOf(forged, 'archive'), 'more', { flag: 'a' });
	const saved = await salvage(forged);
	expect(saved.report).toMatchObject({ lostEntries: 0, entries: all.length });
});

test('the index is damaged: the archive is searched, and all of it found', async () => {
	const forged = await fresh();
	flip(pathOf(forged, 'index'), 500);
	const to = join(directory(), 'new');
	const report = await restore(forged, { mode: 'directory', targets: targets(to), salvage: true });
	expect(report).toMatchObject({ lostEntries: 0, entries: all.length });
	expect(readFileSync(join(to, 'v/large')).length).toBe(largeBytes);
});

test('index and archive are damaged: what precedes the first damage is saved, and that is said', async () => {
	const forged = await fresh();
	rmSync(pathOf(forged, 'index'));
	flip(pathOf(forged, 'archive'), largeBytes / 2);
	const saved = await salvage(forged);
	const cut = all.indexOf('volumes/v/large');
	expect([...saved.names].sort()).toEqual(all.slice(0, cut).sort());
	expect(saved.report).toMatchObject({ lostEntries: 1, lost: [{ path: '' }] });
});

test.each<[name: string, damage: (forged: Forged) => void, code: string]>([
	['there is no archive', (forged) => rmSync(pathOf(forged, 'archive')), 'archive_missing'],
	['its header is damaged', (forged) => flip(pathOf(forged, 'archive'), 60), 'archive_tampered'],
	['nothing can be read', (forged) => truncateSync(pathOf(forged, 'archive'), 100), 'archive_truncated'],
	['only its headers are left', (forged) => truncateSync(pathOf(forged, 'archive'), 130), 'archive_tampered'],
])('%s: an error, and no target', async (_name, damage, code) => {
	const forged = await fresh();
	damage(forged);
	const to = join(directory(), 'new');
	await expect(
		restore(forged, { mode: 'directory', targets: targets(to), salvage: true }),
	).rejects.toMatchObject({ code });
	expect(existsSync(to)).toBe(false);
});

test('a sound archive is salvaged whole', async () => {
	const to = join(directory(), 'new');
	const report = await restore(await fresh(), { mode: 'directory', targets: targets(to), salvage: true });
	expect(report).toMatchObject({ lostEntries: 0, lost: [], entries: all.length });
});
