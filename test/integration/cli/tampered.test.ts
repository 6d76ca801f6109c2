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

/** The last: exit code of who has the key but no record; a changed header may look like another key's. */
const damages: readonly (readonly [string, (bytes: Buffer) => Buffer, number?])[] = [
	['a bit of the magic', flip(() => 3)],
	['a bit of the key id', flip(() => 12), 4],
	['a bit of the archive id', flip(() => 40), 4],
	['a bit of the commitment', flip(() => 60), 4],
	['a bit of the stream salt', flip(() => 90)],
	['a bit of the first segment', flip(() => begin(0) + 5)],
	['a bit in the middle', flip(() => begin(3) + 12_345)],
	['a bit of a tag', flip(() => begin(4) - 1)],
	['the last bit', flip((bytes) => bytes.length - 1)],
	['cut by a byte', (bytes) => bytes.subarray(0, -1)],
	['cut inside a segment', (bytes) => bytes.subarray(0, begin(2) + 100)],
	['cut at the edge of a segment', (bytes) => bytes.subarray(0, begin(4))],
	['cut to the headers', (bytes) => bytes.subarray(0, 124)],
	['cut to nothing', (bytes) => bytes.subarray(0, 0)],
	['a byte more', (bytes) => Buffer.concat([bytes, Buffer.from([0])])],
	['a segment appended', (bytes) => Buffer.concat([bytes, bytes.subarray(begin(1), begin(2))])],
	['a segment repeated', (bytes) => Buffer.concat([bytes.subarray(0, begin(3)), bytes.subarray(begin(2))])],
	['a segment dropped', (bytes) => Buffer.concat([bytes.subarray(0, begin(2)), bytes.subarray(begin(3))])],
	[
		'two segments swapped',
		(bytes) =>
			Buffer.concat([
				bytes.subarray(0, begin(1)),
				bytes.subarray(begin(2), begin(3)),
				bytes.subarray(begin(1), begin(2)),
				bytes.subarray(begin(3)),
			]),
	],
];

test.each(damages)('%s', async (_name, damage, withoutRecord = 3) => {
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
