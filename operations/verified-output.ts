/**
 * What an engine writes to its output, as far as it belongs to one archive: `size` bytes, and then the engine's word
 * that they were right. Throws that word when it is another one, and `archive_truncated` with `hint`.
 */
import type { Readable } from 'node:stream';
import { BackupError } from '../protocol/errors';

export async function* verifiedOutput(
	output: Readable,
	{ id, size, hint }: { readonly id: string; readonly size: number; readonly hint: string },
	verdict: Promise<unknown>,
): AsyncGenerator<Buffer> {
	let bytes = 0;
	// The end of the output is the end of the engine, which stays to be asked: the size tells the last byte.
	if (size > 0) {
		for await (const chunk of output.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
			bytes += chunk.length;
			yield chunk;
			if (bytes >= size) break;
		}
	}
	await verdict;
	if (bytes === size) return;
	throw new BackupError('archive_truncated', `${bytes} of the ${size} bytes of ${id} arrived`, { hint });
}
