/** Any change to a stored archive is found by verify, by restore (which leaves nothing), and by the Python script. */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noise } from '../../trees/odd-tree';
import { python } from '../../unit/engine/format/python';
import { failure, fill, json, lab, recoverScript, unique, volumeExists } from './lab';

interface Stored {
	readonly id: string;
	readonly filePath: string;
	readonly files: readonly { readonly role: string; readonly path: string }[];
}

const { directory, job: newJob, keyFile, volume } = lab();
const original = directory();
const key = ['--key-file', keyFile()];
const job = newJob();
let record: Stored;

beforeAll(async () => {
	const source = await volume('source');
	await fill(source, { noise: noise(5 << 20, 3), text: 'text' });
	const { records } = await json<{ records: Stored[] }>([
		'backup',
		'volume',
		source,
		'--job',
		job,
		'--repository',
		original,
		...key,
	]);
	record = records[0]!;
});

const segment = 1 << 20;
/** Where the n-th segment of the ciphertext begins; the first is shorter by Tink's header, both follow ours. */
const begin = (n: number): number => (n === 0 ? 124 : 84 + n * segment);

const flip = (at: (bytes: Buffer) => number) => (bytes: Buffer) => {
	const changed = Buffer.from(bytes);
	changed.writeUInt8(changed.readUInt8(at(bytes)) ^ 0x10, at(bytes));
	return changed;
};

interface Damage {
	readonly name: string;
	readonly damage: (bytes: Buffer) => Buffer;
	/** Exit code of who has the key but no record: a changed header may look like another key's. */
	readonly withoutRecord?: number;
}

const damages: readonly Damage[] = [
	{ name: 'a bit of the magic', damage: flip(() => 3) },
	{ name: 'a bit of the key id', damage: flip(() => 12), withoutRecord: 4 },
	{ name: 'a bit of the archive id', damage: flip(() => 40), withoutRecord: 4 },
	{ name: 'a bit of the commitment', damage: flip(() => 60), withoutRecord: 4 },
	{ name: 'a bit of the stream salt', damage: flip(() => 90) },
	{ name: 'a bit of the first segment', damage: flip(() => begin(0) + 5) },
	{ name: 'a bit in the middle', damage: flip(() => begin(3) + 12_345) },
	{ name: 'a bit of a tag', damage: flip(() => begin(4) - 1) },
	{ name: 'the last bit', damage: flip((bytes) => bytes.length - 1) },
	{ name: 'cut by a byte', damage: (bytes) => bytes.subarray(0, -1) },
	{ name: 'cut inside a segment', damage: (bytes) => bytes.subarray(0, begin(2) + 100) },
	{ name: 'cut at the edge of a segment', damage: (bytes) => bytes.subarray(0, begin(4)) },
	{ name: 'cut to the headers', damage: (bytes) => bytes.subarray(0, 124) },
	{ name: 'cut to nothing', damage: (bytes) => bytes.subarray(0, 0) },
	{ name: 'a byte more', damage: (bytes) => Buffer.concat([bytes, Buffer.from([0])]) },
	{
		name: 'a segment appended',
		damage: (bytes) => Buffer.concat([bytes, bytes.subarray(begin(1), begin(2))]),
	},
	{
		name: 'a segment repeated',
		damage: (bytes) => Buffer.concat([bytes.subarray(0, begin(3)), bytes.subarray(begin(2))]),
	},
	{
		name: 'a segment dropped',
		damage: (bytes) => Buffer.concat([bytes.subarray(0, begin(2)), bytes.subarray(begin(3))]),
	},
	{
		name: 'two segments swapped',
		damage: (bytes) =>
			Buffer.concat([
				bytes.subarray(0, begin(1)),
				bytes.subarray(begin(2), begin(3)),
				bytes.subarray(begin(1), begin(2)),
				bytes.subarray(begin(3)),
			]),
	},
];

test.each(damages)('$name', async ({ damage, withoutRecord = 3 }) => {
	const repository = directory();
	cpSync(original, repository, { recursive: true });
	const archive = join(repository, record.filePath);
	const bytes = readFileSync(archive);
	expect(bytes.length).toBeGreaterThan(begin(4));
	const damaged = damage(bytes);
	expect(damaged.equals(bytes)).toBe(false);
	writeFileSync(archive, damaged);
	const at = ['--repository', repository, ...key];

	for (const level of ['checksum', 'deep']) {
		const { verifications } = await json<{ verifications: object[] }>(
			['verify', record.id, '--level', level, ...at],
			3,
		);
		expect(verifications).toMatchObject([{ ok: false, error: { code: expect.any(String) as string } }]);
	}
	const to = unique('tampered');
	await failure(['restore', 'volume', record.id, '--to', to, ...at], 3);
	expect(await volumeExists(to)).toBe(false);
	const folder = join(directory(), 'new');
	await failure(['restore', 'directory', record.id, '--to', folder, ...at], 3);
	expect(existsSync(folder)).toBe(false);

	const out = join(directory(), 'plain');
	await failure(['decrypt', archive, ...key, '--out', out], withoutRecord);
	expect(existsSync(out)).toBe(false);
	expect(python([recoverScript, archive, ...key, '--out', out])).toMatchObject({ status: withoutRecord });
	expect(existsSync(out)).toBe(false);
});

test('unchanged, all of these succeed', async () => {
	const out = join(directory(), 'plain');
	expect(python([recoverScript, join(original, record.filePath), ...key, '--out', out])).toMatchObject({
		status: 0,
	});
	expect(
		await json(['verify', record.id, '--level', 'deep', '--repository', original, ...key]),
	).toMatchObject({ verifications: [{ ok: true }] });
});

test('a changed index', async () => {
	const repository = directory();
	cpSync(original, repository, { recursive: true });
	const index = join(repository, record.files.find(({ role }) => role === 'index')!.path);
	writeFileSync(index, flip((bytes) => bytes.length - 20)(readFileSync(index)));
	await json(['verify', record.id, '--repository', repository, ...key], 3);
	await json(['verify', record.id, '--level', 'deep', '--repository', repository, ...key], 3);
});

describe('records', () => {
	/** A copy of the repository whose record's two lines were rewritten. */
	function rewritten(change: (record: string, signature: string) => [string, string]): string[] {
		const repository = directory();
		cpSync(original, repository, { recursive: true });
		const path = join(repository, 'jobs', job, `${record.id}.json`);
		const [first = '', second = ''] = readFileSync(path, 'utf8').split('\n');
		writeFileSync(path, `${change(first, second).join('\n')}\n`);
		return ['--repository', repository, ...key];
	}
	async function expectRefused(at: string[], trust: string, code: string): Promise<void> {
		const { entries } = await json<{ entries: object[] }>(['list', ...at]);
		expect(entries).toMatchObject([{ id: record.id, trust }]);
		const to = unique('forged');
		expect((await failure(['restore', 'volume', record.id, '--to', to, ...at], 3)).code).toBe(code);
		expect(await volumeExists(to)).toBe(false);
		await json(['verify', record.id, ...at], 3);
		// By job it does not count at all.
		expect((await failure(['restore', 'volume', '--job', job, '--to', to, ...at], 5)).code).toBe(
			'record_not_found',
		);
	}

	test('a changed one is forged', async () => {
		await expectRefused(
			rewritten((text, signature) => [text.replace('"host":"', '"host":"x'), signature]),
			'forged',
			'record_forged',
		);
	});

	test('one without its signature is unsigned', async () => {
		await expectRefused(
			rewritten((text) => [text, '{"signature":null}']),
			'unsigned',
			'record_unsigned',
		);
	});
});
