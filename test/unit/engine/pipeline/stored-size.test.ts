import { randomBytes } from 'node:crypto';
import { compressFrames } from '../../../../engine/format/frames';
import { sealedSize } from '../../../../engine/format/segments';
import { storedBytesMax, storedIndexBytesMax } from '../../../../engine/pipeline/stored-size';

const MiB = 1024 * 1024;
const zstd = { algorithm: 'zstd', level: 1 } as const;
const none = { algorithm: 'none', level: null } as const;

async function compressedSize(content: Buffer): Promise<number> {
	let size = 0;
	const chunks = (async function* () {
		yield await Promise.resolve(content);
	})();
	for await (const chunk of compressFrames(chunks, { level: 1 })) size += chunk.length;
	return size;
}

test.each([0, 1, 511, 4 * MiB - 1, 4 * MiB, 4 * MiB + 1, 9 * MiB])(
	'%d random bytes come to no more, and to hardly less',
	async (bytes) => {
		const size = await compressedSize(randomBytes(bytes));
		for (const encrypt of [false, true]) {
			const stored = encrypt ? sealedSize(size) : size;
			const most = storedBytesMax(bytes, { compression: zstd, encrypt });
			expect(most).toBeGreaterThanOrEqual(stored);
			expect(most - stored).toBeLessThan(bytes / 200 + 20_000);
		}
	},
);

test('without compression it is exact', () => {
	expect(storedBytesMax(12_345, { compression: none, encrypt: false })).toBe(12_345);
	expect(storedBytesMax(12_345, { compression: none, encrypt: true })).toBe(sealedSize(12_345));
});

test('an index is planned for no more than 80 million entries', () => {
	expect(storedIndexBytesMax(1536 * 1000)).toBe(384_000);
	expect(storedIndexBytesMax(5e12)).toBe(8e9);
});
