/**
 * Cuts a stream into blocks of exactly `blockBytes` (the last one shorter, never empty).
 *
 * Small chunks are gathered into buffers that are used again once a block is released, so steady work allocates
 * nothing; a chunk that holds a whole block gives it away without a copy. Chunks belong to the blocks until these
 * are released: the source must not overwrite them.
 */
import { createBufferPool } from './buffer-pool';
import { blockBytes } from './zstd-frame';

export interface Block {
	readonly bytes: Buffer;
	/** Hands the buffer back; the bytes may change from then on. */
	release(): void;
}

export async function* cutBlocks(source: AsyncIterable<Buffer>): AsyncGenerator<Block> {
	const pool = createBufferPool(blockBytes);
	let current: Buffer | undefined;
	let filled = 0;

	function gathered(buffer: Buffer, length: number): Block {
		return { bytes: buffer.subarray(0, length), release: () => pool.give(buffer) };
	}

	for await (const chunk of source) {
		let position = 0;
		while (position < chunk.length) {
			if (filled === 0 && chunk.length - position >= blockBytes) {
				yield { bytes: chunk.subarray(position, position + blockBytes), release: () => undefined };
				position += blockBytes;
				continue;
			}
			current ??= pool.take();
			const copied = chunk.copy(current, filled, position);
			filled += copied;
			position += copied;
			if (filled < blockBytes) continue;
			yield gathered(current, filled);
			current = undefined;
			filled = 0;
		}
	}
	if (current !== undefined) yield gathered(current, filled);
}
