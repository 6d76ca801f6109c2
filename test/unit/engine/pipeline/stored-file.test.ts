/** What is sealed is what was written, though the memory behind it is given back as early as can be. */
import { openStream } from '../../../../engine/format/opening';
import { commitment, rawKdf } from '../../../../engine/format/keys';
import { createStoredFile } from '../../../../engine/pipeline/stored-file';
import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import { fakeRandom } from '../../../fakes/random';

const KiB = 1024;
const MiB = 1024 * KiB;
const signal = new AbortController().signal;

/** As compression gives its frames: in the memory of a whole block, however small they came out. */
function frame(size: number, seed: number): Buffer {
	const block = Buffer.from(new ArrayBuffer(4 * MiB));
	for (let at = 0; at < size; at += 1) block[at] = (at * 31 + seed * 17) & 0xff;
	return block.subarray(0, size);
}

test.each<[string, readonly number[]]>([
	['small ones and then a large one', [20 * KiB, 20 * KiB, 20 * KiB, 1.5 * MiB, 3 * MiB]],
	['two that are old at once', [400 * KiB, 400 * KiB, 500 * KiB, 700 * KiB, 700 * KiB, 20 * KiB]],
	['large ones', [4 * MiB, 4 * MiB, 4 * MiB]],
	['tiny ones, which are copied', [1, 2, 3, 15 * KiB, 4 * MiB, 1, 1]],
	['of a segment and one byte more or less', [MiB - 1, MiB, MiB + 1, 1, MiB, MiB - 57]],
	['one that goes up and down', Array.from({ length: 40 }, (_, at) => ((at * 7919) % 97) * 20 * KiB + 1)],
	['nothing', []],
])('%s', async (_, sizes) => {
	const storage = createMemoryStorage();
	const random = fakeRandom();
	const archiveKey = random.bytes(32);
	const header = {
		kdf: rawKdf,
		kind: 'volume',
		keyId: '00'.repeat(8),
		archiveId: '11'.repeat(16),
		commitment: commitment(archiveKey),
	} as const;
	const file = await createStoredFile(storage, 'k', 'archive', { header, archiveKey, random }, signal);
	const wanted = Buffer.concat(sizes.map(frame));
	for (const [at, size] of sizes.entries()) await file.write(frame(size, at));
	const { size } = await file.finish();
	await file.publish();
	const pieces: Buffer[] = [];
	for await (const piece of openStream(storage.get('k', undefined, signal), { archiveKey, name: 'k' }))
		pieces.push(Buffer.from(piece));
	expect(Buffer.concat(pieces).equals(wanted)).toBe(true);
	expect(size).toBe(await storage.size('k', signal));
});
