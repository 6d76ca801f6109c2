/**
 * The form of every signed document of a repository: two lines, each ended by a line feed: JSON, then
 * `{"signature":…}` over the exact bytes of line one (without its line feed): base64, or null for unsigned.
 */
import type { Reader } from '../../protocol/parse';

/** What signs, as engine/format/signing.ts makes it from a master key. */
export interface TextSigner {
	/** base64 of the 32 raw bytes. */
	readonly publicKey: string;
	sign(bytes: Buffer): string;
}

export interface SignedText {
	/** Line one, exactly as it was signed. */
	readonly line: string;
	readonly signature: string | null;
	/** Line one, parsed. */
	readonly value: unknown;
}

export function formatSignedText(value: object, signer: TextSigner | null): string {
	const line = JSON.stringify(value);
	const signature = signer ? signer.sign(Buffer.from(line)) : null;
	return `${line}\n${JSON.stringify({ signature })}\n`;
}

/** Takes the text apart without checking the signature. Throws the reader's error for any other form. */
export function splitSignedText(text: string, reader: Reader): SignedText {
	const [line = '', second, rest, ...more] = text.split('\n');
	if (second === undefined || rest !== '' || more.length > 0) reader.fail('it is not two lines');
	const fields = reader.fields(reader.json(second ?? ''), 'the second line');
	if (!('signature' in fields)) reader.fail('the second line holds no signature');
	const signature = reader.nullable(fields, 'signature', (f, name) => reader.string(f, name));
	return { line, signature, value: reader.json(line) };
}
