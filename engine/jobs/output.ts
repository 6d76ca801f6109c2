/** Raw bytes to the orchestrator, beside the conversation, with back-pressure. */
import type { Writable } from 'node:stream';

/** A slow reader holds up one write; the conversation goes on between two. */
const pieceBytes = 64 << 10;

/** Resolves when all of it has gone out, not only been taken: what is told afterwards is about bytes on their way. */
export async function writeOut(output: Writable, bytes: Buffer, signal: AbortSignal): Promise<void> {
	for (let start = 0; start < bytes.length; start += pieceBytes) {
		const piece = bytes.subarray(start, start + pieceBytes);
		await new Promise<void>((resolve, reject) => {
			output.write(piece, (error) => (error ? reject(error) : resolve()));
		});
		signal.throwIfAborted();
	}
}
