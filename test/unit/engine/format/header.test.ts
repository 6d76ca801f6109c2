import * as fc from 'fast-check';
import {
	encodeHeader,
	headerLength,
	isSealed,
	parseHeader,
	type Header,
} from '../../../../engine/format/header';
import { rawKdf } from '../../../../engine/format/keys';
import { archiveVectors, keyVectors, named } from './fixtures';

const code = (expected: string) => expect.objectContaining({ code: expected });
const hex = (bytes: number) =>
	fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((array) => Buffer.from(array).toString('hex'));
const headers: fc.Arbitrary<Header> = fc.record({
	kdf: fc.oneof(
		fc.constant(rawKdf),
		fc.record({ id: fc.constant('scrypt' as const), logN: fc.integer({ min: 15, max: 20 }), salt: hex(16) }),
	),
	kind: fc.constantFrom('volume', 'postgres', 'sqlite', 'container', 'image', 'index'),
	keyId: hex(8),
	archiveId: hex(16),
	commitment: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((array) => Buffer.from(array)),
});
const sample: Header = {
	kdf: rawKdf,
	kind: 'volume',
	keyId: '0123456789abcdef',
	archiveId: 'ab'.repeat(16),
	commitment: Buffer.alloc(32, 1),
};

test('is 84 bytes', () => expect(headerLength).toBe(84));

test('what is encoded parses back, with anything behind it', () => {
	fc.assert(
		fc.property(headers, fc.uint8Array(), (header, rest) => {
			const encoded = encodeHeader(header);
			expect(encoded).toHaveLength(headerLength);
			expect(isSealed(encoded)).toBe(true);
			expect(parseHeader(Buffer.concat([encoded, rest]))).toEqual(header);
		}),
	);
});

test('one header has one encoding: whatever parses encodes to the same bytes', () => {
	const encoded = encodeHeader(sample);
	fc.assert(
		fc.property(fc.nat(headerLength - 1), fc.integer({ min: 0, max: 255 }), (offset, byte) => {
			const bytes = Buffer.from(encoded);
			bytes.writeUInt8(byte, offset);
			let parsed: Header;
			try {
				parsed = parseHeader(bytes);
			} catch (error) {
				expect(error).toHaveProperty('name', 'BackupError');
				return;
			}
			expect(encodeHeader(parsed)).toEqual(bytes);
		}),
		{ numRuns: 2000 },
	);
});

test.each(archiveVectors)('vector $name', (vector) => {
	const key = named(keyVectors, vector.key);
	const header: Header = {
		kdf: key.kdf,
		kind: vector.kind,
		keyId: key.keyId,
		archiveId: key.archiveId,
		commitment: Buffer.from(key.commitment, 'hex'),
	};
	expect(encodeHeader(header).toString('hex')).toBe(vector.header);
	expect(parseHeader(Buffer.from(vector.header, 'hex'))).toEqual(header);
});

describe('parseHeader refuses', () => {
	const scrypt = { ...sample, kdf: { id: 'scrypt', logN: 15, salt: '11'.repeat(16) } } as const;
	const at = (header: Header, offset: number, byte: number) => {
		const bytes = encodeHeader(header);
		bytes.writeUInt8(byte, offset);
		return bytes;
	};
	test.each([
		['no magic', at(sample, 0, 0), 'archive_malformed'],
		['a text-mode transfer', at(sample, 4, 0x0a), 'archive_malformed'],
		['zstd', Buffer.from('28b52ffd', 'hex'), 'archive_malformed'],
		['version 0', at(sample, 8, 0), 'archive_version_unsupported'],
		['version 2', at(sample, 8, 2), 'archive_version_unsupported'],
		['version 2, cut', at(sample, 8, 2).subarray(0, 9), 'archive_version_unsupported'],
		['key derivation 0', at(sample, 9, 0), 'archive_malformed'],
		['key derivation 3', at(sample, 9, 3), 'archive_malformed'],
		['kind 0', at(sample, 10, 0), 'archive_malformed'],
		['kind 7', at(sample, 10, 7), 'archive_malformed'],
		['raw with logN', at(sample, 11, 15), 'archive_malformed'],
		['raw with salt', at(sample, 35, 1), 'archive_malformed'],
		['scrypt logN 14', at(scrypt, 11, 14), 'archive_malformed'],
		['scrypt logN 21', at(scrypt, 11, 21), 'archive_malformed'],
		['scrypt logN 255', at(scrypt, 11, 255), 'archive_malformed'],
	])('%s', (_, bytes, expected) => {
		expect(() => parseHeader(bytes)).toThrow(code(expected));
	});

	test.each([0, 1, 7, 8, 9, 12, 83])('a header cut to %d bytes as truncated', (length) => {
		expect(() => parseHeader(encodeHeader(sample).subarray(0, length))).toThrow(code('archive_truncated'));
	});

	test('naming the archive', () => {
		expect(() => parseHeader(Buffer.alloc(84), 'nightly.tar.enc')).toThrow(/^nightly\.tar\.enc is not/);
	});
});

test.each([
	['key id', { ...sample, keyId: '0123' }],
	['archive id', { ...sample, archiveId: 'xy'.repeat(16) }],
	['commitment', { ...sample, commitment: Buffer.alloc(31) }],
	['raw logN', { ...sample, kdf: { ...rawKdf, logN: 15 } }],
	['raw salt', { ...sample, kdf: { ...rawKdf, salt: '01'.repeat(16) } }],
	['scrypt logN', { ...sample, kdf: { id: 'scrypt', logN: 14, salt: '00'.repeat(16) } as const }],
	['scrypt salt', { ...sample, kdf: { id: 'scrypt', logN: 15, salt: '00' } as const }],
])('encodeHeader refuses a header no archive may have: %s', (_, header) => {
	expect(() => encodeHeader(header)).toThrow(RangeError);
});

test.each([
	['nothing', Buffer.alloc(0), false],
	['seven bytes of the magic', Buffer.from('DKBK\r\n\x1a'), false],
	['the magic', Buffer.from('DKBK\r\n\x1a\n'), true],
	['zstd', Buffer.from('28b52ffd00000000', 'hex'), false],
])('isSealed: %s', (_, bytes, expected) => {
	expect(isSealed(bytes)).toBe(expected);
});
