import { generateKeyPairSync, sign } from 'node:crypto';
import {
	createDocument,
	createSalt,
	fingerprint,
	parseDocument,
	verifyDocument,
} from '../../../../engine/repository/document';
import { signer } from '../../../../engine/format/signing';
import { formatSignedText } from '../../../../engine/repository/signed-text';
import { fakeClock } from '../../../fakes/clock';
import { fakeRandom } from '../../../fakes/random';

const clock = fakeClock();
const ours = signer(Buffer.alloc(32, 1));
const older = signer(Buffer.alloc(32, 2));
const theirs = signer(Buffer.alloc(32, 3));
const make = (by: typeof ours | null) =>
	createDocument({ signer: by, logN: 17, clock, random: fakeRandom() });

/** The text with line one changed and signed again by `by`, or with the old signature. */
function changed(text: string, changes: object, by?: typeof ours | null): string {
	const [line, second] = text.split('\n') as [string, string];
	const value = { ...JSON.parse(line), ...changes };
	return by === undefined ? `${JSON.stringify(value)}\n${second}\n` : formatSignedText(value, by);
}

describe('repository.json', () => {
	it('says what the repository is, in two lines', () => {
		const text = make(ours);
		const [line, second, rest] = text.split('\n') as [string, string, string];
		expect(JSON.parse(line)).toEqual({
			format: 'docker-backup',
			version: 1,
			minReader: 1,
			id: expect.stringMatching(/^[0-9a-f]{32}$/),
			createdAt: '2026-01-31T03:00:00.000Z',
			scrypt: { logN: 17, salt: expect.stringMatching(/^[0-9a-f]{32}$/) },
			publicKey: ours.publicKey,
		});
		expect(JSON.parse(second)).toEqual({ signature: ours.sign(Buffer.from(line)) });
		expect(rest).toBe('');
		expect(parseDocument(text)).toEqual(JSON.parse(line));
		expect(make(null)).toContain('{"signature":null}');
	});

	it('takes the salt that its key was derived with', () => {
		const salt = createSalt(fakeRandom('another'));
		const text = createDocument({ signer: ours, logN: 15, salt, clock, random: fakeRandom() });
		expect(parseDocument(text).scrypt).toEqual({ logN: 15, salt });
	});

	test.each([0, 14, 21, 1.5])('is not made with logN %d', (logN) => {
		expect(() => createDocument({ signer: null, logN, clock, random: fakeRandom() })).toThrow('logN');
	});
});

describe('with keys, a document', () => {
	it('is accepted when one of them signed it', () => {
		expect(verifyDocument(make(ours), [ours.publicKey]).publicKey).toBe(ours.publicKey);
		expect(verifyDocument(make(older), [ours.publicKey, older.publicKey]).publicKey).toBe(older.publicKey);
	});

	it('of another key is refused, naming both by fingerprint', () => {
		let error: unknown;
		try {
			verifyDocument(make(theirs), [ours.publicKey]);
		} catch (thrown) {
			error = thrown;
		}
		expect(error).toMatchObject({ code: 'key_wrong', hint: expect.stringContaining('previous key') });
		expect((error as Error).message).toContain(fingerprint(theirs.publicKey));
		expect((error as Error).message).toContain(fingerprint(ours.publicKey));
	});

	it('that says its key id names that, and the ids of the keys given', () => {
		const keyId = '0123456789abcdef';
		const text = createDocument({ signer: theirs, keyId, logN: 17, clock, random: fakeRandom() });
		expect(verifyDocument(text, [theirs.publicKey]).keyId).toBe(keyId);
		expect(() => verifyDocument(text, [ours.publicKey, older.publicKey], ['a', 'b'])).toThrow(
			`the repository was made with key ${keyId}, which is not among those given; tried a, b`,
		);
	});

	test.each(['', '0123456789ABCDEF', '0'.repeat(15), 7, null])(
		'does not say that its key id is %p',
		(keyId) => {
			expect(() => verifyDocument(changed(make(ours), { keyId }, ours), [ours.publicKey])).toThrow(
				expect.objectContaining({ code: 'repository_malformed' }),
			);
		},
	);

	it('made without a key is refused', () => {
		expect(() => verifyDocument(make(null), [ours.publicKey])).toThrow(
			expect.objectContaining({ code: 'key_invalid', message: 'the repository was made without a key' }),
		);
	});

	test.each<[string, string]>([
		['changed after signing', changed(make(ours), { id: '0'.repeat(32) })],
		['with weaker scrypt parameters', changed(make(ours), { scrypt: { logN: 15, salt: '0'.repeat(32) } })],
		['signed by another in our name', changed(make(ours), {}, { ...theirs, publicKey: ours.publicKey })],
		['renamed to another key', changed(make(ours), { publicKey: theirs.publicKey })],
		['stripped of its signature', changed(make(ours), {}, null)],
		['stripped of its key only', changed(make(ours), { publicKey: null })],
		['signed by rubbish', make(ours).replace(/"signature":".{8}/, '"signature":"AAAAAAAA')],
		['of a key that is none', changed(make(ours), { publicKey: 'rubbish' })],
	])('%s is forged', (_how, text) => {
		expect(() => verifyDocument(text, [ours.publicKey])).toThrow(
			expect.objectContaining({ code: 'repository_forged' }),
		);
	});

	it('stripped of key and signature is no keyless one', () => {
		const text = changed(make(ours), { publicKey: null }, null);
		expect(() => verifyDocument(text, [ours.publicKey])).toThrow(
			expect.objectContaining({ code: 'key_invalid' }),
		);
	});
});

describe('without keys, a document', () => {
	it('is taken at its word, which must fit', () => {
		expect(verifyDocument(make(null), []).publicKey).toBeNull();
		expect(verifyDocument(make(theirs), []).publicKey).toBe(theirs.publicKey);
		for (const text of [
			changed(make(ours), { id: '0'.repeat(32) }),
			changed(make(ours), {}, null),
			changed(make(null), {}, ours),
		]) {
			expect(() => verifyDocument(text, [])).toThrow(expect.objectContaining({ code: 'repository_forged' }));
		}
	});

	it('signed by a key of its own making is checked like any other', () => {
		const { privateKey, publicKey } = generateKeyPairSync('ed25519');
		const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
		const other = {
			publicKey: raw,
			sign: (bytes: Buffer) => sign(null, bytes, privateKey).toString('base64'),
		};
		expect(verifyDocument(make(other), []).publicKey).toBe(raw);
	});
});

describe('a document that can’t be read', () => {
	it('of a newer reader says to update, whatever else it holds', () => {
		const text = formatSignedText({ format: 'docker-backup', version: 9, minReader: 2, new: [] }, null);
		expect(() => parseDocument(text)).toThrow(
			expect.objectContaining({
				code: 'repository_version_unsupported',
				hint: expect.stringContaining('Update'),
			}),
		);
	});

	it('of a newer writer that we may read is read', () => {
		const text = changed(make(ours), { version: 2, colour: 'blue' }, ours);
		expect(verifyDocument(text, [ours.publicKey])).not.toHaveProperty('colour');
		expect(verifyDocument(text, [ours.publicKey]).version).toBe(2);
	});

	test.each<[string, string]>([
		['empty', ''],
		['one line', make(ours).split('\n')[0]!],
		['without its last line feed', make(ours).trimEnd()],
		['three lines', `${make(ours)}{}\n`],
		['two line feeds at the end', `${make(ours)}\n`],
		['not JSON', '{\n{"signature":null}\n'],
		['of a signature that is not JSON', '{}\n{\n'],
		['of no signature', '{}\n{}\n'],
		['of a signature that is a number', '{}\n{"signature":1}\n'],
		['a list', '[]\n{"signature":null}\n'],
		['of another format', changed(make(ours), { format: 'restic' })],
		['without an id', changed(make(ours), { id: 'x' })],
		['without a salt', changed(make(ours), { scrypt: { logN: 17 } })],
		['of an endless scrypt', changed(make(ours), { scrypt: { logN: 40, salt: '0'.repeat(32) } })],
		['of version 0', changed(make(ours), { version: 0 })],
		['of minReader 0', changed(make(ours), { minReader: 0 })],
		['without minReader', changed(make(ours), { minReader: undefined })],
		['too long', changed(make(ours), { padding: 'x'.repeat(65536) }, ours)],
	])('%s is malformed', (_how, text) => {
		expect(() => parseDocument(text)).toThrow(expect.objectContaining({ code: 'repository_malformed' }));
	});
});
