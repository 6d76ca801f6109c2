/** A partial restore reads what it needs, checks all that it reads, and does not notice damage elsewhere. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../../../engine/environment';
import { archiveParts } from '../../../engine/pipeline/archive-parts';
import { openStorage } from '../../../engine/repository/open-storage';
import type { Storage } from '../../../engine/repository/storage';
import { systemClock } from '../../../protocol/clock';
import { systemRandom } from '../../../protocol/random';
import { scratchDirectories } from '../../fakes/directories';
import { entriesOf, forge, restore, signal, type Forged } from './forge';
import { largeBytes, makeTree, tarOf } from './tree';

const directory = scratchDirectories();
const tar = tarOf(makeTree(directory()));
const fresh = () => forge(directory(), tar, { volumes: ['v', 'w'] });
const archiveOf = ({ directory: repository, record }: Forged) => join(repository, record.filePath!);
const one = (paths: readonly string[]) => {
	const to = join(directory(), 'new');
	return { mode: 'directory', targets: [{ source: 'v', path: join(to, 'v') }], paths } as const;
};

/** The engine's reading parts over a real storage that counts what is asked of it. */
async function counting({ directory: repository, record, key }: Forged) {
	const storage = await openStorage(
		{ type: 'directory', path: repository },
		{ scratch: null, clock: systemClock, random: systemRandom, signal },
	);
	const read = { bytes: 0, requests: 0 };
	const counted: Storage = {
		...storage,
		description: storage.description,
		size: (...given) => storage.size(...given),
		async *get(...given) {
			read.requests += 1;
			for await (const chunk of storage.get(...given)) {
				read.bytes += chunk.length;
				yield chunk;
			}
		},
	};
	const engine = { storage: counted, conversation: { signal } } as unknown as Engine;
	return { parts: archiveParts({ record, key }, engine), read };
}

test('a small file behind a large one: a few segments, in a few requests', async () => {
	const { parts, read } = await counting(await fresh());
	const entry = await (await parts.index()).find('volumes/v/second');
	const [bytes] = await (await parts.content()).read(entry!.offset, entry!.length);
	expect(bytes!.length).toBe(entry!.length);
	// Of 24 MiB: header and seek table, one frame of at most 4 MiB with the segments that it begins and ends in.
	expect(read.bytes).toBeLessThan(8 << 20);
	expect(read.requests).toBeLessThanOrEqual(8);
});

test('neighbouring reads fetch nothing twice', async () => {
	const { parts, read } = await counting(await fresh());
	const content = await parts.content();
	const step = 1 << 20;
	let length = 0;
	for (let at = 0; at + step <= content.size; at += step) {
		for (const piece of await content.read(at, step)) length += piece.length;
	}
	expect(length).toBe(Math.floor(content.size / step) * step);
	expect(read.bytes).toBeLessThan(1.1 * readFileSync(archiveOf(await fresh())).length);
});

test('damage elsewhere is not in the way; damage in what is read is found, and nothing is left', async () => {
	const forged = await fresh();
	const bytes = readFileSync(archiveOf(forged));
	bytes[largeBytes / 2]! ^= 1;
	writeFileSync(archiveOf(forged), bytes);
	const fine = one(['second']);
	await restore(forged, fine);
	await expect(restore(forged, one(['large']))).rejects.toMatchObject({ code: 'archive_tampered' });
});

describe('known failure 1: an archive cut exactly between two segments', () => {
	test.each([1, 2, 12])('after segment %i', async (segments) => {
		const forged = await fresh();
		truncateSync(archiveOf(forged), 84 + segments * (1 << 20));
		await expect(restore(forged, one(['conf']))).rejects.toMatchObject({ code: 'archive_truncated' });
		await expect(restore(forged, one([]))).rejects.toMatchObject({ code: 'archive_truncated' });
	});
});

test('an index of another archive, or in the place of the archive, is refused', async () => {
	const [forged, other] = [await fresh(), await fresh()];
	const indexOf = ({ directory: repository, record }: Forged) => join(repository, record.files[1]!.path);
	const own = readFileSync(indexOf(forged));
	writeFileSync(indexOf(forged), readFileSync(indexOf(other)));
	await expect(restore(forged, one(['conf']))).rejects.toMatchObject({
		code: expect.stringMatching(/archive_tampered|archive_truncated|checksum_mismatch/) as string,
	});
	// The archive with the index's bytes: under the same key, but of another kind.
	writeFileSync(indexOf(forged), own);
	const files = forged.record.files.map((file) =>
		file.role === 'archive' ? { ...file, path: forged.record.files[1]!.path, size: own.length } : file,
	);
	const record = { ...forged.record, files, filePath: files[0]!.path, sizeBytes: own.length };
	await expect(restore({ ...forged, record }, one(['conf']))).rejects.toMatchObject({
		code: 'archive_tampered',
	});
});

test('an index whose entry lies: the tar is not what it says', async () => {
	const { record } = await fresh();
	const entries = entriesOf(tar).map((entry) =>
		entry.path === 'volumes/v/empty' ? { ...entry, mode: 0o777 } : entry,
	);
	const lying = await forge(directory(), tar, { volumes: ['v', 'w'], entries });
	expect(lying.record.entries).toBe(record.entries);
	await expect(restore(lying, one(['empty']))).rejects.toMatchObject({ code: 'index_mismatch' });
});

test.each([{ encrypted: false }, { encrypted: false, compressed: false }])(
	'unencrypted, a changed byte of a chosen file or of the index is found: %j',
	async (options) => {
		const forged = await forge(directory(), tar, { volumes: ['v', 'w'], ...options });
		const change = (path: string, at: number) => {
			const bytes = readFileSync(path);
			bytes[at]! ^= 1;
			writeFileSync(path, bytes);
		};
		change(archiveOf(forged), largeBytes / 2);
		await expect(restore(forged, one(['large']))).rejects.toMatchObject({
			code: expect.stringMatching(/index_mismatch|archive_malformed/) as string,
		});
		change(join(forged.directory, forged.record.files[1]!.path), 100);
		await expect(restore(forged, one(['conf']))).rejects.toMatchObject({ code: 'checksum_mismatch' });
	},
);
