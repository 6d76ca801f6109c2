import {
	encodeTinkHeader,
	parseTinkHeader,
	segmentCipher,
	segmentNonce,
} from '../../../../engine/format/segment-cipher';

const header = { salt: Buffer.alloc(32, 1), noncePrefix: Buffer.from('a0a1a2a3a4a5a6', 'hex') };
const cipher = segmentCipher(Buffer.alloc(32, 3), header, Buffer.from('associated'));

test('the nonce is prefix ‖ counter ‖ last', () => {
	expect(segmentNonce(header.noncePrefix, 0, false).toString('hex')).toBe('a0a1a2a3a4a5a60000000000');
	expect(segmentNonce(header.noncePrefix, 0x01020304, true).toString('hex')).toBe('a0a1a2a3a4a5a60102030401');
});

test('the counter ends before it could wrap: 2^32 − 2 is the last index', () => {
	expect(segmentNonce(header.noncePrefix, 2 ** 32 - 2, true).toString('hex')).toBe(
		'a0a1a2a3a4a5a6fffffffe01',
	);
	for (const index of [2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1]) {
		expect(() => segmentNonce(header.noncePrefix, index, false)).toThrow(/more than 4294967295 segments/);
		expect(() => cipher.seal(index, true, [])).toThrow(/more than 4294967295 segments/);
	}
});

test('a segment opens only in its place, under its flag, key and associated data', () => {
	const pieces = cipher.seal(5, false, [Buffer.from('plain'), Buffer.from('text')]);
	const tag = pieces.pop() as Buffer;
	const open = (index: number, isLast: boolean, by = cipher) => by.open(index, isLast, pieces, tag);
	expect(Buffer.concat(open(5, false) ?? []).toString()).toBe('plaintext');
	expect(open(4, false)).toBeUndefined();
	expect(open(5, true)).toBeUndefined();
	expect(
		open(5, false, segmentCipher(Buffer.alloc(32, 4), header, Buffer.from('associated'))),
	).toBeUndefined();
	expect(open(5, false, segmentCipher(Buffer.alloc(32, 3), header, Buffer.from('other')))).toBeUndefined();
	expect(cipher.open(5, false, pieces, Buffer.alloc(16))).toBeUndefined();
});

test('a tag cut short is no tag', () => {
	const tag = cipher.seal(0, true, []).pop() as Buffer;
	expect(() => cipher.open(0, true, [], tag.subarray(0, 12))).toThrow(/tag/);
});

test('the Tink header', () => {
	const bytes = encodeTinkHeader(header);
	expect(bytes.toString('hex')).toBe(`28${'01'.repeat(32)}a0a1a2a3a4a5a6`);
	expect(parseTinkHeader(bytes)).toEqual(header);
	expect(parseTinkHeader(bytes.subarray(0, 39))).toBeUndefined();
	bytes[0] = 24;
	expect(parseTinkHeader(bytes)).toBeUndefined();
	expect(() => encodeTinkHeader({ ...header, salt: Buffer.alloc(31) })).toThrow(RangeError);
	expect(() => encodeTinkHeader({ ...header, noncePrefix: Buffer.alloc(8) })).toThrow(RangeError);
});
