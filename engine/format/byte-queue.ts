/**
 * Bytes that wait to become a segment: pushed in any sizes, taken in exact sizes.
 *
 * Large chunks are kept as they are (no copy, so they must not change until taken); small ones are copied
 * into a block, so a million one-byte chunks cost a megabyte and not a million objects.
 */
export interface ByteQueue {
	readonly length: number;
	push(chunk: Buffer): void;
	/** The next `length` bytes, in pieces; RangeError when there are fewer. */
	take(length: number): Buffer[];
}

const copyBelow = 16 * 1024;
const blockSize = 64 * 1024;

export function createByteQueue(): ByteQueue {
	let pieces: Buffer[] = [];
	let length = 0;
	let block = Buffer.alloc(0);
	let blockStart = 0;
	let blockEnd = 0;

	/** Makes a piece of what was copied into the block since the last one. */
	function closePiece(): void {
		if (blockEnd > blockStart) pieces.push(block.subarray(blockStart, blockEnd));
		blockStart = blockEnd;
	}

	function copy(chunk: Buffer): void {
		let from = 0;
		while (from < chunk.length) {
			if (blockEnd === block.length) {
				closePiece();
				block = Buffer.allocUnsafeSlow(blockSize);
				blockStart = blockEnd = 0;
			}
			const copied = chunk.copy(block, blockEnd, from);
			from += copied;
			blockEnd += copied;
		}
	}

	return {
		get length() {
			return length;
		},
		push(chunk) {
			length += chunk.length;
			if (chunk.length < copyBelow) return copy(chunk);
			closePiece();
			pieces.push(chunk);
		},
		take(wanted) {
			if (wanted > length) throw new RangeError(`${wanted} bytes of ${length}`);
			closePiece();
			const taken: Buffer[] = [];
			let missing = wanted;
			let used = 0;
			while (missing > 0) {
				const piece = pieces[used] as Buffer;
				if (piece.length > missing) {
					taken.push(piece.subarray(0, missing));
					pieces[used] = piece.subarray(missing);
					break;
				}
				taken.push(piece);
				missing -= piece.length;
				used += 1;
			}
			pieces = pieces.slice(used);
			length -= wanted;
			return taken;
		},
	};
}
