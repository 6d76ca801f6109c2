import * as fc from 'fast-check';
import { keyId } from '../../../../engine/format/keys';
import { createOpener, openStream } from '../../../../engine/format/opening';
import { segmentCipher } from '../../../../engine/format/segment-cipher';
import { archiveKeyFor, unlock } from '../../../../engine/format/unlocking';
import { capacity, firstCapacity, segmentSize } from '../../../../engine/format/segments';
import { exitCodes } from '../../../../protocol/errors';
import {
	archiveVectors,
	cutInto,
	damage,
	damageVectors,
	keyVectors,
	materialOf,
	named,
	open,
	seal,
	sealVector,
	sha256,
	tinkVectors,
	vectorPlaintext,
} from './fixtures';

const small = named(archiveVectors, 'raw-volume-100');
const large = named(archiveVectors, `raw-volume-${firstCapacity + 2 * capacity + 100}`);
const masters = keyVectors.map((key) => Buffer.from(key.masterKey, 'hex'));
/** The key by id, as the node and the CLI do it. */
const byId = { archiveKey: (header: Parameters<typeof archiveKeyFor>[0]) => archiveKeyFor(header, masters) };

describe.each([
	['own', archiveVectors],
	['Tink’s', tinkVectors],
])('opens %s vectors', (_, vectors) => {
	test.each(vectors)('$name', (vector) => {
		const { released, error } = open(cutInto(sealVector(vector), 65_536), byId);
		expect(error).toBeUndefined();
		expect(released).toHaveLength(vector.plaintextLength);
		expect(sha256(released)).toBe(vector.plaintextSha256);
	});

	test.each(vectors.filter((vector) => vector.stored !== undefined))(
		'$name, from the stored bytes',
		(vector) => {
			const { released, error } = open([Buffer.from(vector.stored!, 'base64')], byId);
			expect([error, sha256(released)]).toEqual([undefined, vector.plaintextSha256]);
		},
	);
});

describe('the plaintext does not depend on how the file is cut', () => {
	const stored = sealVector(large);
	test.each([1, 13, 4096, 16_383, 65_537, segmentSize - 1, segmentSize, segmentSize + 1, stored.length])(
		'into chunks of %d',
		(size) => {
			const { released, error } = open(cutInto(stored, size), byId);
			expect([error, sha256(released)]).toEqual([undefined, large.plaintextSha256]);
		},
	);
});

test('whatever is sealed opens, however both are cut', () => {
	const size = fc.oneof(fc.integer({ min: 1, max: 300_000 }), fc.integer({ min: 1, max: 3 * segmentSize }));
	const length = fc.oneof(
		fc.nat(2000),
		fc.nat(3 * segmentSize),
		fc.integer({ min: -2, max: 2 }).map((d) => firstCapacity + capacity + d),
	);
	fc.assert(
		fc.property(length, size, size, (total, sealCut, openCut) => {
			const plaintext = Buffer.alloc(total, 'plaintext ');
			const stored = seal(materialOf(small), cutInto(plaintext, sealCut));
			const { released, error } = open(cutInto(stored, openCut), { ...byId, storedSize: stored.length });
			expect(error).toBeUndefined();
			expect(released.equals(plaintext)).toBe(true);
		}),
		{ numRuns: 40 },
	);
});

describe('damage: one fault each, its code, and only authentic bytes before it', () => {
	const bases = new Map(archiveVectors.map((vector) => [vector.name, vector]));
	test.each(damageVectors)('$name of $base: $code', (vector) => {
		const base = bases.get(vector.base)!;
		const bytes = damage(sealVector(base), vector);
		const { released, error } = open(cutInto(bytes, 65_536), {
			archiveKey: (header) => {
				// As a holder of the passphrase would find it: with another salt the key is another.
				if (header.kdf.salt !== named(keyVectors, base.key).kdf.salt)
					return archiveKeyFor(header, [Buffer.alloc(32)]);
				if (header.kdf.logN !== named(keyVectors, base.key).kdf.logN)
					return archiveKeyFor(header, [Buffer.alloc(32)]);
				return archiveKeyFor(header, masters);
			},
		});
		expect(error?.code).toBe(vector.code);
		expect([exitCodes.integrity, exitCodes.key]).toContain(error?.exitCode);
		expect(released).toHaveLength(vector.released);
		expect(released.equals(vectorPlaintext(vector.released))).toBe(true);
	});

	test('covers every code of an archive', () => {
		const codes = [
			'archive_malformed',
			'archive_version_unsupported',
			'key_wrong',
			'archive_truncated',
			'archive_tampered',
		];
		expect(new Set(damageVectors.map((vector) => vector.code))).toEqual(new Set(codes));
	});
});

describe('damage anywhere', () => {
	const stored = sealVector(small);

	test('every bit of a small archive: an error, and nothing released', () => {
		for (let bit = 0; bit < stored.length * 8; bit += 1) {
			const bytes = Buffer.from(stored);
			bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
			for (const options of [byId, { archiveKey: materialOf(small).archiveKey }]) {
				const { released, error } = open([bytes], options);
				expect([bit, error?.name, released.length]).toEqual([bit, 'BackupError', 0]);
			}
		}
	});

	test('every length of a small archive: an error, and nothing released', () => {
		for (let length = 0; length < stored.length; length += 1) {
			const { released, error } = open([stored.subarray(0, length)], byId);
			expect([length, error?.name, released.length]).toEqual([length, 'BackupError', 0]);
		}
	});

	test('flips, cuts, insertions and removals in a large one release only a prefix', () => {
		const whole = sealVector(large);
		const plaintext = vectorPlaintext(large.plaintextLength);
		const fault = fc.record({
			from: fc.nat(whole.length - 1),
			removed: fc.oneof(fc.constant(0), fc.constant(1), fc.nat(segmentSize), fc.constant(segmentSize)),
			inserted: fc.oneof(fc.constant(0), fc.constant(1), fc.nat(100), fc.constant(segmentSize)),
		});
		fc.assert(
			fc.property(fault, ({ from, removed, inserted }) => {
				const filler = Buffer.alloc(inserted, 0xa5);
				const bytes = Buffer.concat([whole.subarray(0, from), filler, whole.subarray(from + removed)]);
				fc.pre(!bytes.equals(whole));
				const { released, error } = open(cutInto(bytes, 200_000), byId);
				expect(error?.name).toBe('BackupError');
				expect(released.equals(plaintext.subarray(0, released.length))).toBe(true);
				expect(released.length).toBeLessThan(Math.max(1, from));
			}),
			{ numRuns: 60 },
		);
	});
});

describe('with the size of the record', () => {
	const stored = sealVector(large);
	const options = { ...byId, storedSize: stored.length };

	test.each([1, 50, 116, 117, segmentSize, segmentSize + 116, 2 * segmentSize])(
		'%d bytes missing are truncation',
		(cut) => {
			expect(open(cutInto(stored.subarray(0, -cut), 65_536), options).error?.code).toBe('archive_truncated');
		},
	);

	test('a byte too many is tampering, found before the end', () => {
		const opener = createOpener(options);
		opener.push(stored);
		expect(() => opener.push(Buffer.alloc(1))).toThrow(expect.objectContaining({ code: 'archive_tampered' }));
	});
});

describe('keys', () => {
	const stored = sealVector(small);
	const errorWith = (archiveKey: Parameters<typeof createOpener>[0]['archiveKey']) =>
		open([stored], { archiveKey, name: 'a.tar.enc' }).error;

	test('other master keys: key_wrong, naming the key needed and those tried', () => {
		const needed = named(keyVectors, 'raw').keyId;
		const masters = [Buffer.alloc(32), Buffer.alloc(32, 1)];
		const error = errorWith((header) => archiveKeyFor(header, masters, 'a.tar.enc'));
		expect(error).toMatchObject({
			code: 'key_wrong',
			message: `a.tar.enc needs key ${needed}; tried ${masters.map(keyId).join(', ')}`,
		});
	});

	test('no key: key_missing, naming it too', () => {
		const error = errorWith((header) => archiveKeyFor(header, []));
		expect(error).toMatchObject({
			code: 'key_missing',
			message: expect.stringContaining('key ' + named(keyVectors, 'raw').keyId),
		});
	});

	test('another archive key: key_wrong before anything is decrypted', () => {
		expect(errorWith(Buffer.alloc(32))?.code).toBe('key_wrong');
	});

	test('a previous key opens old archives', () => {
		const old = Buffer.from(named(keyVectors, 'raw').masterKey, 'hex');
		expect(errorWith((header) => archiveKeyFor(header, [Buffer.alloc(32), old]))).toBeUndefined();
	});

	test('a key with the same id but other bytes does not pass the commitment', () => {
		const header = { ...createHeader(), keyId: keyId(Buffer.alloc(32)) };
		expect(() => archiveKeyFor(header, [Buffer.alloc(32)])).toThrow(
			expect.objectContaining({ code: 'key_wrong' }),
		);
	});
	const createHeader = () => {
		const opener = createOpener(byId);
		opener.push(stored);
		return opener.header!;
	};
});

describe('the opener as a state', () => {
	const stored = sealVector(large);

	test('tells the header once both headers are read and the key fits', () => {
		const opener = createOpener(byId);
		opener.push(stored.subarray(0, 123));
		expect(opener.header).toBeUndefined();
		opener.push(stored.subarray(123, 124));
		expect(opener.header).toMatchObject({ kind: 'volume', keyId: large.header.slice(24, 40) });
	});

	test('throws its first error for ever: nothing comes out past a damaged segment', () => {
		const bytes = Buffer.from(stored);
		bytes.writeUInt8(bytes.readUInt8(200) ^ 1, 200);
		const opener = createOpener(byId);
		const first = () => opener.push(bytes.subarray(0, segmentSize + 200));
		expect(first).toThrow(expect.objectContaining({ code: 'archive_tampered' }));
		expect(() => opener.push(stored)).toThrow(expect.objectContaining({ code: 'archive_tampered' }));
		expect(() => opener.end()).toThrow(expect.objectContaining({ code: 'archive_tampered' }));
	});

	test('ends once', () => {
		const opener = createOpener(byId);
		opener.push(stored);
		opener.end();
		expect(() => opener.end()).toThrow('ended');
		expect(() => opener.push(Buffer.alloc(1))).toThrow('ended');
	});

	test('an empty last segment behind a full one, which Tink reads, is read', () => {
		const { header, archiveKey } = materialOf(small);
		const tink = {
			salt: Buffer.from(small.tinkSalt, 'hex'),
			noncePrefix: Buffer.from(small.noncePrefix, 'hex'),
		};
		const cipher = segmentCipher(archiveKey, tink, header);
		const first = cipher.seal(0, false, [vectorPlaintext(firstCapacity)]);
		const prologue = sealVector(small).subarray(0, 124);
		const { released, error } = open([prologue, ...first, ...cipher.seal(1, true, [])], byId);
		expect([error, released.length]).toEqual([undefined, firstCapacity]);
	});
});

describe('openStream', () => {
	const vector = named(archiveVectors, 'scrypt-volume-100');
	const key = named(keyVectors, 'scrypt');
	const stored = sealVector(vector);
	async function* source(bytes: Buffer, size: number) {
		yield* cutInto(bytes, size);
	}
	const read = async (
		bytes: Buffer,
		size: number,
		archiveKey: Parameters<typeof openStream>[1]['archiveKey'],
	) => {
		const pieces: Buffer[] = [];
		for await (const piece of openStream(source(bytes, size), { archiveKey })) pieces.push(piece);
		return Buffer.concat(pieces);
	};

	test.each([1, 83, 84, 85, 124, 1000])('opens with a passphrase, in chunks of %d', async (size) => {
		const plaintext = await read(stored, size, (header) => unlock(header, [key.secret]));
		expect(plaintext).toEqual(vectorPlaintext(100));
	});

	test('opens several segments with an archive key', async () => {
		expect(sha256(await read(sealVector(large), 70_001, materialOf(large).archiveKey))).toBe(
			large.plaintextSha256,
		);
	});

	test.each([
		['nothing', 0, 'archive_truncated'],
		['half a header', 40, 'archive_truncated'],
		['the outer header', 84, 'archive_truncated'],
		['all but the end', 239, 'archive_tampered'],
	])('%s fails', async (_, length, code) => {
		const run = read(stored.subarray(0, length), 64, (header) => unlock(header, [key.secret]));
		await expect(run).rejects.toMatchObject({ code });
	});

	test.each([
		['another passphrase', [{ type: 'passphrase', passphrase: 'wrong' } as const], 'key_wrong'],
		['only a raw key', [named(keyVectors, 'raw').secret], 'key_wrong'],
		['no secret', [], 'key_missing'],
	])('%s: %s', async (_, secrets, code) => {
		await expect(read(stored, 1000, (header) => unlock(header, secrets))).rejects.toMatchObject({
			code,
			message: expect.stringContaining(`key ${key.keyId}`),
		});
	});

	test('finds the right one among several secrets', async () => {
		const secrets = [...keyVectors.map((other) => other.secret)].reverse();
		expect(await read(stored, 1000, (header) => unlock(header, secrets))).toEqual(vectorPlaintext(100));
	});

	test('an error of the source passes through', async () => {
		async function* failing() {
			yield stored.subarray(0, 130);
			throw new Error('connection reset');
		}
		const run = async () => {
			for await (const _ of openStream(failing(), { archiveKey: materialOf(vector).archiveKey }));
		};
		await expect(run()).rejects.toThrow('connection reset');
	});
});
