/**
 * Encrypts a stream: plaintext in, the bytes of an encrypted archive out (docs/FORMAT.md, "Sealing").
 *
 * Bytes come out in file order, in pieces of any size; whole segments as they fill. A full segment is held
 * back until more plaintext or the end arrives, because its nonce says whether it is the last: memory is
 * one segment (1 MiB) and what the caller just pushed. Chunks must not change until their bytes came out.
 */
import type { RandomSource } from '../../protocol/environment';
import { createByteQueue } from './byte-queue';
import { parseHeader } from './header';
import { commitment } from './keys';
import { encodeTinkHeader, segmentCipher } from './segment-cipher';
import { capacity, firstCapacity, noncePrefixLength, tinkSaltLength } from './segments';

export interface SealerOptions {
	/** The 84 bytes of `encodeHeader`; its commitment must be this archive key's (RangeError). */
	readonly header: Buffer;
	/** 32 bytes. */
	readonly archiveKey: Buffer;
	/** Gives the salt (32 bytes) and then the nonce prefix (7 bytes). */
	readonly random: RandomSource;
}

export interface Sealer {
	/** What can be written now; with the first call also the headers. */
	push(chunk: Buffer): Buffer[];
	/** The last segment. Without this call there is no archive: readers report it as truncated. */
	end(): Buffer[];
}

/** A new encrypting stream under a random stream key. Throws `unexpected` past 4 PiB. */
export function createSealer({ header, archiveKey, random }: SealerOptions): Sealer {
	if (!parseHeader(header).commitment.equals(commitment(archiveKey))) {
		throw new RangeError("the header's commitment is not of this archive key");
	}
	const tinkHeader = { salt: random.bytes(tinkSaltLength), noncePrefix: random.bytes(noncePrefixLength) };
	const cipher = segmentCipher(archiveKey, tinkHeader, header);
	const queue = createByteQueue();
	let next = 0;
	let ended = false;
	let prologue: Buffer[] = [header, encodeTinkHeader(tinkHeader)];

	function seal(length: number, isLast: boolean): Buffer[] {
		return cipher.seal(next++, isLast, queue.take(length));
	}

	function start(): Buffer[] {
		if (ended) throw new Error('the sealer has ended');
		const first = prologue;
		prologue = [];
		return first;
	}

	return {
		push(chunk) {
			const out = start();
			queue.push(chunk);
			for (let full = next === 0 ? firstCapacity : capacity; queue.length > full; full = capacity) {
				out.push(...seal(full, false));
			}
			return out;
		},
		end() {
			const out = start();
			ended = true;
			out.push(...seal(queue.length, true));
			return out;
		},
	};
}

/** The archive of a whole source, as it becomes ready; an error of the source passes through. */
export async function* sealStream(
	source: AsyncIterable<Buffer>,
	options: SealerOptions,
): AsyncGenerator<Buffer> {
	const sealer = createSealer(options);
	for await (const chunk of source) yield* sealer.push(chunk);
	yield* sealer.end();
}
