/**
 * One object on its way into the repository: seal (when there is a key) → hash and count → storage.
 * Nothing stands under its final key before `publish`; `abort` removes what was written.
 */
import { createHash } from 'node:crypto';
import type { RandomSource } from '../../protocol/environment';
import type { RecordFile } from '../../protocol/record';
import { encodeHeader, type Header } from '../format/header';
import { reclaim } from '../format/reclaim';
import { createSealer } from '../format/sealing';
import { segmentSize } from '../format/segments';
import type { Storage } from '../repository/storage';

export interface Seal {
	readonly header: Header;
	readonly archiveKey: Buffer;
	readonly random: RandomSource;
}

export interface StoredFile {
	/** Bytes stored so far. */
	readonly size: number;
	/** Takes the buffer over: its memory is gone afterwards. */
	write(plain: Buffer): Promise<void>;
	/** Ends the object: durable, its length checked, still unpublished. */
	finish(): Promise<RecordFile>;
	publish(): Promise<void>;
	abort(): Promise<void>;
}

export async function createStoredFile(
	storage: Storage,
	key: string,
	role: RecordFile['role'],
	seal: Seal | null,
	signal: AbortSignal,
	expectedBytes?: number,
): Promise<StoredFile> {
	const writer = await storage.create(key, signal, expectedBytes);
	const sealer =
		seal &&
		createSealer({ header: encodeHeader(seal.header), archiveKey: seal.archiveKey, random: seal.random });
	const hash = createHash('sha256');
	let size = 0;
	const store = async (chunk: Buffer) => {
		// The write is under way while the hash is computed.
		const written = writer.write(chunk);
		hash.update(chunk);
		size += chunk.length;
		await written;
	};
	/** Plaintext that may still wait in the sealer, which keeps less than a segment of the newest. */
	const held: Buffer[] = [];
	const release = (plain: Buffer) => {
		held.push(plain);
		let kept = held.length;
		for (let newer = 0; kept > 0 && newer < segmentSize; ) {
			kept -= 1;
			newer += held[kept]?.length ?? 0;
		}
		held.splice(0, kept).forEach(reclaim);
	};
	return {
		get size() {
			return size;
		},
		async write(plain) {
			if (!sealer) return await store(plain);
			for (const chunk of sealer.push(plain)) await store(chunk);
			release(plain);
		},
		async finish() {
			if (sealer) for (const chunk of sealer.end()) await store(chunk);
			await writer.seal();
			return { role, path: key, size, sha256: hash.digest('hex') };
		},
		publish: () => writer.publish(),
		abort: () => writer.abort(),
	};
}
