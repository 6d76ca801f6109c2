/** Byte streams for tests: cut as wanted, collected whole. */
import * as fc from 'fast-check';
import { BackupError } from '../../../../protocol/errors';

/** The bytes in chunks of these sizes, over and over; each chunk is memory of its own. */
export async function* chunked(bytes: Buffer, sizes: readonly number[] = [65_536]): AsyncGenerator<Buffer> {
	let position = 0;
	for (let index = 0; position < bytes.length; index++) {
		// As a real source: nothing comes at once.
		await new Promise(setImmediate);
		for (let burst = 0; burst < 256 && position < bytes.length; burst++, index++) {
			const end = position + Math.max(1, sizes[index % sizes.length] ?? 1);
			yield Buffer.from(bytes.subarray(position, end));
			position = end;
		}
	}
}

export async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of source) chunks.push(chunk);
	return Buffer.concat(chunks);
}

export async function gather<T>(source: AsyncIterable<T>): Promise<T[]> {
	const items: T[] = [];
	for await (const item of source) items.push(item);
	return items;
}

/** `readAt` over bytes in memory, counting what is read. */
export function readerOf(bytes: Buffer): {
	readAt: (offset: number, length: number) => Promise<Buffer>;
	bytesRead: () => number;
} {
	let total = 0;
	return {
		readAt: (offset, length) => {
			total += length;
			return Promise.resolve(bytes.subarray(offset, offset + length));
		},
		bytesRead: () => total,
	};
}

/** The code of the BackupError that `act` throws, `none` when it throws nothing; anything else it throws passes. */
export async function codeOf(act: () => unknown): Promise<string> {
	try {
		await act();
	} catch (error) {
		if (error instanceof BackupError) return error.code;
		throw error;
	}
	return 'none';
}

/** Sizes to cut a stream by: single bytes, odd sizes, sizes around a tar block. */
export const chunkSizes = fc.array(
	fc.oneof(
		fc.integer({ min: 1, max: 9 }),
		fc.integer({ min: 500, max: 530 }),
		fc.integer({ min: 1, max: 70_000 }),
	),
	{ minLength: 1, maxLength: 12 },
);
