/** What the tests of the encrypted format share: the vectors, their plaintext rule, and a seal and open in one call. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RandomSource } from '../../../../protocol/environment';
import { BackupError, type ErrorCode } from '../../../../protocol/errors';
import type { Header } from '../../../../engine/format/header';
import type { Kdf, Secret } from '../../../../engine/format/keys';
import { createOpener, type OpenerOptions } from '../../../../engine/format/opening';
import { createSealer } from '../../../../engine/format/sealing';

export interface KeyVector {
	readonly name: string;
	readonly secret: Secret;
	readonly kdf: Kdf;
	readonly masterKey: string;
	readonly keyId: string;
	readonly archiveId: string;
	readonly archiveKey: string;
	readonly commitment: string;
	readonly publicKey: string;
	readonly signedText: string;
	readonly signature: string;
}

export interface ArchiveVector {
	readonly name: string;
	readonly key: string;
	readonly kind: Header['kind'];
	readonly header: string;
	readonly tinkSalt: string;
	readonly noncePrefix: string;
	readonly plaintextLength: number;
	readonly plaintextSha256: string;
	readonly storedSize: number;
	readonly storedSha256: string;
	/** The whole archive, base64, where it is small. */
	readonly stored?: string;
}

export interface DamageVector {
	readonly name: string;
	readonly base: string;
	readonly code: ErrorCode;
	/** Plaintext bytes a streaming reader has given out before the error. */
	readonly released: number;
	readonly keep?: string;
	readonly flip?: { readonly offset: number; readonly mask: number };
}

export const vectorsDirectory = join(__dirname, '../../../vectors');
const load = (name: string): unknown => JSON.parse(readFileSync(join(vectorsDirectory, name), 'utf8'));

export const keyVectors = load('keys.json') as KeyVector[];
export const archiveVectors = load('archives.json') as ArchiveVector[];
export const tinkVectors = load('tink.json') as ArchiveVector[];
export const damageVectors = load('damaged.json') as DamageVector[];

export function named<T extends { readonly name: string }>(vectors: readonly T[], name: string): T {
	const found = vectors.find((vector) => vector.name === name);
	if (!found) throw new Error(`no vector ${name}`);
	return found;
}

let longest: Buffer = Buffer.alloc(0);

/** The vectors' plaintext rule: SHA-256(uint32 0) ‖ SHA-256(uint32 1) ‖ …, cut. */
export function vectorPlaintext(length: number): Buffer {
	if (length > longest.length) longest = hashChain(length);
	return longest.subarray(0, length);
}

function hashChain(length: number): Buffer {
	const counter = Buffer.alloc(4);
	const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => {
		counter.writeUInt32BE(i);
		return hash('sha256', counter, 'buffer');
	});
	return Buffer.concat(blocks);
}

export const sha256 = (bytes: Buffer): string => hash('sha256', bytes);

/** A random source that gives these, in this order and these lengths, and nothing else. */
export function scriptedRandom(...values: readonly Buffer[]): RandomSource {
	const left = [...values];
	return {
		bytes(length) {
			const value = left.shift();
			if (value?.length !== length) throw new Error(`${length} random bytes were not expected here`);
			return value;
		},
	};
}

export function cutInto(bytes: Buffer, size: number): Buffer[] {
	return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
		bytes.subarray(i * size, (i + 1) * size),
	);
}

export interface Material {
	readonly header: Buffer;
	readonly archiveKey: Buffer;
	readonly random: RandomSource;
}

export function materialOf(vector: ArchiveVector): Material {
	return {
		header: Buffer.from(vector.header, 'hex'),
		archiveKey: Buffer.from(named(keyVectors, vector.key).archiveKey, 'hex'),
		random: scriptedRandom(Buffer.from(vector.tinkSalt, 'hex'), Buffer.from(vector.noncePrefix, 'hex')),
	};
}

export function seal(material: Material, chunks: readonly Buffer[]): Buffer {
	const sealer = createSealer(material);
	return Buffer.concat([...chunks.flatMap((chunk) => sealer.push(chunk)), ...sealer.end()]);
}

/** The archive of a vector, sealed by the engine from the vector's plaintext. */
export const sealVector = (vector: ArchiveVector): Buffer =>
	seal(materialOf(vector), [vectorPlaintext(vector.plaintextLength)]);

/** Everything an opener gave out, and how it ended. */
export interface Opened {
	readonly released: Buffer;
	readonly error: BackupError | undefined;
}

export function open(chunks: readonly Buffer[], options: OpenerOptions): Opened {
	const opener = createOpener(options);
	const released: Buffer[] = [];
	try {
		for (const chunk of chunks) released.push(...opener.push(chunk));
		released.push(...opener.end());
	} catch (error) {
		if (!(error instanceof BackupError)) throw error;
		return { released: Buffer.concat(released), error };
	}
	return { released: Buffer.concat(released), error: undefined };
}

/** A damage vector applied to its base's bytes. */
export function damage(base: Buffer, { keep, flip }: DamageVector): Buffer {
	const ranges = (keep ?? `0-${base.length}`).split(',').map((range) => range.split('-').map(Number));
	const bytes = Buffer.concat(ranges.map(([from, to]) => base.subarray(from, to)));
	if (flip) bytes.writeUInt8(bytes.readUInt8(flip.offset) ^ flip.mask, flip.offset);
	return bytes;
}
