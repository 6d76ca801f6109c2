/** A key is replaced by another, as docs/KEYS.md tells: what works before and after, with which keys, and what is said. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure, fill, json, lab } from '../cli/lab';
import { installPackage } from './package';
import { reader, sectionsOf } from './page';

interface Entry {
	readonly id: string;
	readonly keyId: string;
	readonly trust: string;
	readonly filePath: string;
}

const { directory, file, job: newJob, keyFile, volume } = lab();

/** One repository, two backups: one with the old key, one with the new. */
interface Rotated {
	readonly repository: string;
	readonly job: string;
	readonly old: Entry;
	readonly young: Entry;
}

let source: string;
beforeAll(async () => {
	source = await volume('source');
	await fill(source, { file: 'content' });
});

async function rotated(old: readonly string[], young: readonly string[]): Promise<Rotated> {
	const repository = directory();
	const job = newJob();
	const backUp = async (...keys: string[]): Promise<Entry> => {
		const line = ['backup', 'volume', source, '--job', job, '--repository', repository, ...keys];
		return (await json<{ records: Entry[] }>(line)).records[0]!;
	};
	return { repository, job, old: await backUp(...old), young: await backUp(...young, ...asPrevious(old)) };
}

/** `--key-file x` → `--previous-key-file x`. */
const asPrevious = ([flag = '', path = '']: readonly string[]): string[] => [
	flag.replace('--', '--previous-'),
	path,
];

/** By id: backups of the same second are listed in any order. */
const trustOf = (entries: readonly Entry[]) =>
	Object.fromEntries(entries.map(({ id, trust }) => [id, trust]));

const sorts: readonly (readonly [name: string, old: () => string[], young: () => string[]])[] = [
	['a key by a key', () => ['--key-file', keyFile()], () => ['--key-file', keyFile()]],
	[
		'a passphrase by a key',
		() => ['--passphrase-file', file('an old passphrase')],
		() => ['--key-file', keyFile()],
	],
	[
		'a key by a passphrase',
		() => ['--key-file', keyFile()],
		() => ['--passphrase-file', file('a new passphrase')],
	],
];

test.each(sorts)(
	'%s: with both, everything is read, and both are needed',
	async (_name, makeOld, makeYoung) => {
		const [old, young] = [makeOld(), makeYoung()];
		const made = await rotated(old, young);
		const at = ['--repository', made.repository];
		expect(made.young.keyId).not.toBe(made.old.keyId);

		for (const keys of [
			[...young, ...asPrevious(old)],
			[...old, ...asPrevious(young)],
		]) {
			const { entries } = await json<{ entries: Entry[] }>(['list', ...at, ...keys]);
			expect(trustOf(entries)).toEqual({ [made.young.id]: 'signed', [made.old.id]: 'signed' });
			expect(await json(['verify', '--job', made.job, '--level', 'deep', ...at, ...keys])).toMatchObject({
				verifications: expect.arrayContaining([
					expect.objectContaining({ id: made.old.id, ok: true }),
					expect.objectContaining({ id: made.young.id, ok: true }),
				]) as object[],
			});
			for (const { id } of [made.old, made.young]) {
				const to = join(directory(), 'new');
				await json(['restore', 'directory', id, '--to', to, ...at, ...keys]);
				expect(readFileSync(join(to, source, 'file'), 'utf8')).toBe('content');
			}
		}
	},
);

describe('after a rotation', () => {
	const old = ['--key-file', keyFile()];
	const young = ['--key-file', keyFile()];
	let made: Rotated;
	let at: string[];
	beforeAll(async () => {
		made = await rotated(old, young);
		at = ['--repository', made.repository];
	});

	test('the new key alone is refused, and the error names the key that is needed and the one tried', async () => {
		for (const line of [['list'], ['verify', made.old.id], ['show', made.young.id]]) {
			const error = await failure([...line, ...at, ...young], 4);
			expect(error).toMatchObject({ code: 'key_wrong', hint: expect.stringMatching(/previous/) as string });
			expect(error.message).toContain(`made with key ${made.old.keyId}`);
			expect(error.message).toMatch(new RegExp(`tried ${made.young.keyId}$`));
		}
	});

	test('the old key alone reads what it made; what is newer is not believed', async () => {
		const { entries } = await json<{ entries: Entry[] }>(['list', ...at, ...old]);
		expect(trustOf(entries)).toEqual({ [made.young.id]: 'forged', [made.old.id]: 'signed' });
		const to = join(directory(), 'new');
		const error = await failure(['restore', 'directory', made.young.id, '--to', to, ...at, ...old], 3);
		expect(error.hint).toContain('previous keys');
		await json(['restore', 'directory', made.old.id, '--to', to, ...at, ...old]);
	});

	test('an archive alone names its key, and all that were tried', async () => {
		const third = ['--key-file', keyFile()];
		const archive = join(made.repository, made.old.filePath);
		const out = join(directory(), 'out');
		const error = await failure(['decrypt', archive, '--out', out, ...young, ...asPrevious(third)], 4);
		expect(error.code).toBe('key_wrong');
		expect(error.message).toMatch(
			new RegExp(`needs key ${made.old.keyId}; tried ${made.young.keyId}, [0-9a-f]{16}$`),
		);
		const passphrase = ['--passphrase-file', file('no key at all')];
		expect((await failure(['decrypt', archive, '--out', out, ...passphrase], 4)).message).toContain(
			`needs key ${made.old.keyId}; it is a key, and none was given`,
		);
		await json(['decrypt', archive, '--out', out, ...young, ...asPrevious(old)]);
	});

	test('without a key, show names the one that each backup needs, and checksums can be compared', async () => {
		for (const { id, keyId } of [made.old, made.young])
			expect(await json(['show', id, ...at])).toMatchObject({ id, keyId });
		const { entries } = await json<{ entries: Entry[] }>(['list', ...at]);
		expect(trustOf(entries)).toEqual({ [made.young.id]: 'forged', [made.old.id]: 'signed' });
		expect(await json(['verify', made.old.id, ...at])).toMatchObject({ verifications: [{ ok: true }] });
	});
});

test('the commands of docs/KEYS.md, as they stand there', async () => {
	const home = directory();
	installPackage(home, directory());
	const person = reader(home, { PATH: process.env['PATH'] ?? '', HOME: home });
	const [make, replace, ...more] = sectionsOf('KEYS.md').flatMap(({ blocks }) => blocks);
	expect(more).toEqual([]);
	expect(await person.run(make!)).toMatchObject({ code: 0 });

	const [repository, job] = [directory(), newJob()];
	const flags = ['--job', job, '--repository', repository, '--key-file', join(home, 'backup.key')];
	await json(['backup', 'volume', source, ...flags]);
	person.put('REPOSITORY', repository);
	person.put('JOB', job);
	person.put('VOLUME', source);
	const { code, output } = await person.run(replace!);
	expect([code, output.match(/^ok .* deep, /gm)?.length]).toEqual([0, 2]);
	expect(person.unused()).toEqual([]);
});

test('a leak: what is worth keeping is copied into a new repository with a key of its own', async () => {
	const [leaked, fresh] = [
		['--key-file', keyFile()],
		['--key-file', keyFile()],
	];
	const made = await rotated(leaked, leaked);
	const to = directory();
	const copied = ['copy', made.old.id, '--repository', made.repository, ...leaked];
	await json([...copied, '--to', to, '--to-key-file', fresh[1]!]);
	const at = ['--repository', to, ...fresh];
	expect(await json(['list', ...at])).toMatchObject({ entries: [{ id: made.old.id, trust: 'signed' }] });
	// Its bytes are those of the source: the leaked key is needed for them, and opens them.
	expect((await failure(['verify', made.old.id, '--level', 'deep', ...at], 4)).message).toContain(
		`needs key ${made.old.keyId}`,
	);
	await json(['verify', made.old.id, '--level', 'deep', ...at, ...asPrevious(leaked)]);
});
