/** An archive beside its volume, and beside other archives: exactly what was changed is told. */
import {
	chmodSync,
	chownSync,
	linkSync,
	lstatSync,
	lutimesSync,
	mkdirSync,
	readFileSync,
	readdirSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	unlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createOddTree } from '../../trees/odd-tree';
import { cli, failure, fill, json, lab, mountpoint } from '../cli/lab';

interface Comparison {
	readonly id: string;
	readonly ok: boolean;
	readonly other: string | null;
	readonly contentSame: boolean;
	readonly same: number;
	readonly added: number;
	readonly removed: number;
	readonly changed: number;
	readonly bytesRead: number;
	readonly differences: readonly {
		readonly kind: string;
		readonly volume: string;
		readonly path: string;
		readonly pathBase64: string | null;
		readonly what: readonly string[];
	}[];
	readonly error?: { readonly code: string; readonly message: string };
}

const { directory, file, job: newJob, keyFile, volume, volumeName } = lab();
const key = keyFile();
const repository = directory();
const sealed = ['--repository', repository, '--key-file', key];
const plain = ['--repository', directory()];

interface Archived {
	readonly id: string;
	readonly entries: number;
	readonly files: readonly { readonly role: string; readonly path: string }[];
}

async function backUp(names: readonly string[], at: readonly string[], flags: readonly string[] = []) {
	const secret = at === plain ? ['--no-encrypt'] : [];
	const line = ['backup', 'volume', ...names, '--job', newJob(), ...at, ...secret, ...flags];
	const { records } = await json<{ records: Archived[] }>(line);
	return records[0]!;
}

const compare = (line: readonly string[], code: 0 | 3) => json<Comparison>(['compare', ...line], code);

const told = ({ differences }: Comparison): string[] =>
	differences.map(({ kind, path, what }) => `${kind} ${path || '.'} ${what.join()}`.trim());

/** Does something in a directory and gives it its time back. */
function keepingTime(path: string, work: () => void): void {
	const { atime, mtime } = statSync(path);
	work();
	utimesSync(path, atime, mtime);
}

/** A time that a number of seconds can't miss. */
const long = new Date('2020-01-01T00:00:00Z');

async function makeVolume(): Promise<{ name: string; root: string }> {
	const name = await volume('live');
	await fill(name, {
		'content/same-size': 'old content',
		'content/longer': 'short',
		'meta/mode': 'm',
		'meta/owner': 'o',
		'meta/group': 'g',
		'meta/touched': 't',
		'names/gone': 'gone',
		'names/old': 'renamed',
		'names/was-file': 'file',
		'names/untouched': 'untouched',
		'names-/x': 'sorts around the slash',
	});
	const root = await mountpoint(name);
	for (const path of ['content/same-size', 'content/longer', 'meta/touched', 'names/old', 'names/was-file'])
		utimesSync(join(root, path), long, long);
	symlinkSync('untouched', join(root, 'names/link'));
	lutimesSync(join(root, 'names/link'), long, long);
	for (const path of ['content', 'meta', 'names', 'names-', '.']) utimesSync(join(root, path), long, long);
	return { name, root };
}

function change(root: string): void {
	const at = (path: string) => join(root, path);
	const rewrite = (path: string, content: string) =>
		keepingTime(at(path), () => writeFileSync(at(path), content));
	rewrite('content/same-size', 'new content');
	rewrite('content/longer', 'no longer short');
	chmodSync(at('meta/mode'), 0o4755);
	chownSync(at('meta/owner'), 4321, 0);
	chownSync(at('meta/group'), 0, 4321);
	utimesSync(at('meta/touched'), long, new Date('2021-01-01T00:00:00Z'));
	keepingTime(at('names'), () => {
		rmSync(at('names/gone'));
		renameSync(at('names/old'), at('names/new'));
		writeFileSync(at('names/added'), 'added');
		mkdirSync(at('names/added.d'));
		linkSync(at('names/untouched'), at('names/zz-second-name'));
		unlinkSync(at('names/was-file'));
		symlinkSync('untouched', at('names/was-file'));
		unlinkSync(at('names/link'));
		symlinkSync('elsewhere', at('names/link'));
		lutimesSync(at('names/link'), long, long);
	});
	writeFileSync(at('names-/x2'), 'changes the time of its folder');
	utimesSync(at('names-'), long, new Date('2022-01-01T00:00:00Z'));
}

const changes = [
	'changed content/longer size,content',
	'changed content/same-size content',
	'changed meta/group owner',
	'changed meta/mode mode',
	'changed meta/owner owner',
	'changed meta/touched mtime',
	'added names/added',
	'added names/added.d',
	'removed names/gone',
	'changed names/link link',
	'added names/new',
	'removed names/old',
	'changed names/was-file type',
	'added names/zz-second-name',
	'changed names- mtime',
	'added names-/x2',
];

test.each([
	['encrypted', sealed, []],
	['not encrypted', plain, []],
	['not compressed', sealed, ['--level', '0']],
])('%s: first identical, then exactly what was changed', async (_name, at, flags) => {
	const { name, root } = await makeVolume();
	const { id, entries } = await backUp([name], at, flags);
	const before = await compare([id, '--with-volume', name, ...at], 0);
	expect(before).toMatchObject({
		id,
		ok: true,
		contentSame: true,
		added: 0,
		removed: 0,
		changed: 0,
		other: null,
	});
	expect(before.same).toBe(entries);
	expect(before.differences).toEqual([]);
	expect(before.bytesRead).toBeGreaterThan(0);

	change(root);
	const snapshot = lstatSync(join(root, 'names')).mtimeMs;
	const after = await compare([id, '--with-volume', name, ...at], 3);
	expect(told(after)).toEqual(changes);
	expect(after).toMatchObject({ ok: false, contentSame: false, added: 5, removed: 2, changed: 9 });
	expect(after.same).toBe(entries - 2 - 9);
	expect(after.error).toMatchObject({
		code: 'content_differs',
		message: `${id} differs: 5 added, 2 removed, 9 changed`,
	});
	expect(lstatSync(join(root, 'names')).mtimeMs).toBe(snapshot);

	const { id: second } = await backUp([name], at, flags);
	expect(await compare([second, '--with-volume', name, ...at], 0)).toMatchObject({ ok: true });
});

test('archive against archive needs no Docker, whichever way round', async () => {
	const { name, root } = await makeVolume();
	const flags = ['--job', newJob(), ...sealed];
	const run = async () =>
		(await json<{ records: { id: string }[] }>(['backup', 'volume', name, ...flags])).records[0]!.id;
	const [first, again] = [await run(), await run()];
	change(root);
	const later = await run();
	const nowhere = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };
	const sideBySide = (line: string[], code: 0 | 3) =>
		json<Comparison>(['compare', ...line, ...sealed], code, nowhere);
	expect(await sideBySide([first, '--with', again], 0)).toMatchObject({
		ok: true,
		other: again,
		bytesRead: 0,
	});
	expect(told(await sideBySide([first, '--with', later], 3))).toEqual(changes);
	const back = await sideBySide([later, '--with', first], 3);
	expect(told(back)).toEqual(
		changes.map((line) =>
			line.replace(/^(added|removed)/, (kind) => (kind === 'added' ? 'removed' : 'added')),
		),
	);
	const latest = await sideBySide([...flags.slice(0, 2), '--with', first], 3);
	expect(latest.id).toBe(later);

	const itself = await failure(['compare', first, '--with', first, ...sealed], 2, nowhere);
	expect(itself).toMatchObject({ code: 'invalid_parameter' });
});

test('whatever a volume may hold is the same as itself, also after a restore', async () => {
	const odd = await volume('odd');
	createOddTree(await mountpoint(odd));
	const { id, entries } = await backUp([odd], sealed);
	expect(await compare([id, '--with-volume', odd, ...sealed], 0)).toMatchObject({ ok: true, same: entries });
	const restored = volumeName('restored');
	await json(['restore', 'volume', id, '--to', restored, ...sealed]);
	const result = await compare([id, '--with-volume', restored, ...sealed], 0);
	expect(result).toMatchObject({ ok: true, same: entries });
});

test('times, owners and modes alone leave the content the same', async () => {
	const { name, root } = await makeVolume();
	const { id } = await backUp([name], sealed);
	chmodSync(join(root, 'meta/mode'), 0o600);
	chownSync(join(root, 'names'), 5, 5);
	utimesSync(join(root, 'meta/touched'), long, new Date());
	const result = await compare([id, '--with-volume', name, ...sealed], 3);
	expect(told(result)).toEqual([
		'changed meta/mode mode',
		'changed meta/touched mtime',
		'changed names owner',
	]);
	expect(result).toMatchObject({ ok: false, contentSame: true });
	const { stdout } = await cli(['compare', id, '--with-volume', name, ...sealed, '--quiet']);
	expect(stdout.toString()).toMatch(
		/^~ meta\/mode {2}\(mode\)\n.*\n.*\n\d+ same, 0 added, 0 removed, 3 changed; the content is the same, /,
	);
});

test('several volumes: one of them, all of them, under other names, a directory, what was left out', async () => {
	const [a, b] = [await volume('a'), await volume('b')];
	await fill(a, { file: 'a', 'cache.tmp': 'left out' });
	await fill(b, { file: 'b' });
	const { id } = await backUp([a, b], sealed, ['--exclude', '*.tmp']);
	await fill(b, { more: 'b' });
	const without = ['--exclude', '*.tmp', ...sealed];
	expect(await compare([id, '--with-volume', a, ...without], 0)).toMatchObject({ same: 2 });
	expect(told(await compare([id, '--with-volume', a, ...sealed], 3))).toContain('added cache.tmp');
	const both = await compare([id, '--with-volume', b, '--with-volume', a, ...without], 3);
	expect(both.differences.filter(({ kind }) => kind === 'added')).toEqual([
		{ kind: 'added', volume: b, path: 'more', pathBase64: null, what: [] },
	]);
	const crossed = await compare([id, '--with-volume', `${a}=${b}`, ...sealed], 3);
	expect(told(crossed)).toEqual(
		expect.arrayContaining(['added more', expect.stringMatching(/^changed file .*content/) as string]),
	);
	const host = ['--with-directory', `${a}=${await mountpoint(a)}`];
	expect(await compare([id, ...host, ...without], 0)).toMatchObject({ ok: true, same: 2 });
});

test('a name that is not UTF-8', async () => {
	const name = await volume('bytes');
	const { id } = await backUp([name], sealed);
	writeFileSync(Buffer.concat([Buffer.from(`${await mountpoint(name)}/`), Buffer.from([0x61, 0xff])]), '');
	const { differences } = await compare([id, '--with-volume', name, ...sealed], 3);
	expect(differences).toContainEqual({
		kind: 'added',
		volume: name,
		path: 'a\ufffd',
		pathBase64: Buffer.from([0x61, 0xff]).toString('base64'),
		what: [],
	});
});

test('more differences than are told are all counted', async () => {
	const name = await volume('many');
	const { id } = await backUp([name], sealed);
	const root = await mountpoint(name);
	for (let index = 0; index < 10_050; index++) writeFileSync(join(root, `f${index}`), '');
	const result = await compare([id, '--with-volume', name, ...sealed], 3);
	expect(result.differences).toHaveLength(10_000);
	// With the folder itself, whose time changed.
	expect(result).toMatchObject({ added: 10_050, changed: 1 });
});

describe('what is refused', () => {
	let id: string;
	let name: string;

	beforeAll(async () => {
		name = await volume('refused');
		await fill(name, { file: 'x' });
		({ id } = await backUp([name], sealed));
	});

	test.each<[string, (line: { id: string; name: string }) => string[], number, string]>([
		[
			'a key that is another',
			(is) => [is.id, '--with-volume', is.name, '--key-file', keyFile()],
			4,
			'key_wrong',
		],
		['no key', (is) => [is.id, '--with-volume', is.name], 4, 'key_missing'],
		[
			'a volume that is not there',
			(is) => [is.id, '--with-volume', volumeName('none'), '--key-file', key],
			5,
			'volume_not_found',
		],
		[
			'an archive that is not there',
			(is) => ['x-20260131T030000Z-1f2e', '--with-volume', is.name, '--key-file', key],
			5,
			'record_not_found',
		],
		[
			'another archive that is not there',
			(is) => [is.id, '--with', 'x-20260131T030000Z-1f2e', '--key-file', key],
			5,
			'record_not_found',
		],
		[
			'a volume that the archive lacks',
			(is) => [is.id, '--with-volume', `other=${is.name}`, '--key-file', key],
			2,
			'invalid_parameter',
		],
		['nothing to compare with', (is) => [is.id, '--key-file', key], 2, 'usage'],
		[
			'a directory that is not there',
			(is) => [is.id, '--with-directory', `${directory()}/none`, '--key-file', key],
			7,
			'source_missing',
		],
		[
			'the repository itself',
			(is) => [is.id, '--with-directory', repository, '--key-file', key],
			2,
			'repository_in_source',
		],
	])('%s', async (_name, flagsOf, exitCode, code) => {
		const line = ['compare', ...flagsOf({ id, name }), '--repository', repository];
		expect(await failure(line, exitCode)).toMatchObject({ code });
	});

	test('an index that was changed', async () => {
		const damaged = directory();
		const at = ['--repository', damaged, '--key-file', key];
		const backup = await backUp([name], at);
		const { path } = backup.files.find(({ role }) => role === 'index')!;
		const bytes = readFileSync(join(damaged, path));
		bytes[bytes.length >> 1]! ^= 1;
		writeFileSync(join(damaged, path), bytes);
		const error = await failure(['compare', backup.id, '--with-volume', name, ...at], 3);
		expect(error.code).toBe('archive_tampered');
	});

	test('a record that was changed, as the one and as the other', async () => {
		const at = ['--repository', directory(), '--key-file', key];
		const [sound, forged] = [await backUp([name], at), await backUp([name], at)];
		const folder = join(at[1]!, dirname(forged.files[0]!.path));
		const record = join(folder, readdirSync(folder).find((file) => file === `${forged.id}.json`)!);
		const text = readFileSync(record, 'utf8');
		writeFileSync(record, text.replace(`"entries":${forged.entries}`, `"entries":${forged.entries + 1}`));
		expect(readFileSync(record, 'utf8')).not.toBe(text);
		for (const line of [
			[forged.id, '--with-volume', name],
			[forged.id, '--with', sound.id],
			[sound.id, '--with', forged.id],
		]) {
			expect(await failure(['compare', ...line, ...at], 3)).toMatchObject({ code: 'record_forged' });
		}
	});

	test('a passphrase for what a key protects', async () => {
		const phrase = ['--passphrase-file', file('correct horse battery staple\n')];
		const error = await failure(
			['compare', id, '--with-volume', name, '--repository', repository, ...phrase],
			4,
		);
		expect(error.code).toMatch(/^key_/);
	});
});
