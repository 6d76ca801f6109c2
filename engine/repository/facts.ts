/**
 * Facts (protocol/fact.ts) as stored texts: two lines, as a record (signed-text.ts), at most 64 KiB.
 * Reading never judges: `trustOfFact` does.
 */
import { BackupError } from '../../protocol/errors';
import { parseFact, type Fact, type FactName, type StoredFact } from '../../protocol/fact';
import { Reader } from '../../protocol/parse';
import type { Trust } from '../../protocol/record';
import { verifySignature } from '../format/signing';
import type { CatalogGroup } from './catalog';
import { factKeyOf } from './layout';
import { formatSignedText, splitSignedText, type TextSigner } from './signed-text';
import type { Storage } from './storage';

export const maxFactLength = 64 << 10;

const reader = new Reader('record_malformed', 'fact');

/** The text to store; throws `record_malformed` for one that could not be read again. */
export function formatFact(fact: Fact, signer: TextSigner | null): string {
	const text = formatSignedText(fact, signer);
	splitFact(text);
	return text;
}

/** The fact in a stored text; throws `record_malformed`. Says nothing of who wrote it. */
export function splitFact(text: string): { line: string; signature: string | null; fact: Fact } {
	if (text === '' || Buffer.byteLength(text) > maxFactLength) {
		reader.fail(`it is empty, unreadable or longer than ${maxFactLength} bytes`);
	}
	const { line, signature, value } = splitSignedText(text, reader);
	return { line, signature, fact: parseFact(value) };
}

/**
 * How far a stored fact can be trusted, as `trustOf` of records: one that says another job, id, name or
 * number than its key was moved there, which is a forgery too. Throws `record_malformed`.
 */
export function trustOfFact(stored: StoredFact, publicKeys: readonly string[]): Trust {
	const { line, signature, fact } = splitFact(stored.text);
	const { job, id, name, ulid } = stored;
	if (fact.job !== job || fact.id !== id || fact.fact !== name || fact.ulid !== ulid) return 'forged';
	if (publicKeys.length === 0) return 'unchecked';
	if (signature === null) return 'unsigned';
	const bytes = Buffer.from(line);
	return publicKeys.some((publicKey) => verifySignature(publicKey, bytes, signature)) ? 'signed' : 'forged';
}

/** The facts of an archive, oldest first; one that is gone since it was listed is left out. */
export async function readFacts(
	storage: Storage,
	{ job, id, facts }: Pick<CatalogGroup, 'job' | 'id' | 'facts'>,
	signal?: AbortSignal,
): Promise<StoredFact[]> {
	const read = await Promise.all(
		facts.map(async ({ name, ulid }): Promise<StoredFact | undefined> => {
			const text = await readFactText(storage, { job, id, name, ulid }, signal);
			return text === undefined ? undefined : { job, id, name, ulid, text };
		}),
	);
	return read.filter((fact) => fact !== undefined);
}

export async function putFact(storage: Storage, fact: StoredFact, signal?: AbortSignal): Promise<void> {
	const key = factKeyOf(fact.job, fact.id, fact.name, fact.ulid);
	if ((await storage.put(key, Buffer.from(fact.text), signal)) === 'created') return;
	// A put whose answer was lost is repeated: the same text is the same fact.
	if ((await readFactText(storage, fact, signal)) === fact.text) return;
	throw new BackupError('object_exists', `${key} exists already and says something else`);
}

async function readFactText(
	storage: Storage,
	{ job, id, name, ulid }: { job: string; id: string; name: FactName; ulid: string },
	signal: AbortSignal | undefined,
): Promise<string | undefined> {
	try {
		return (await storage.read(factKeyOf(job, id, name, ulid), maxFactLength, signal)).toString();
	} catch (error) {
		if (error instanceof BackupError && error.code === 'object_not_found') return undefined;
		// This one alone is too long or unreadable.
		if (error instanceof BackupError && error.code === 'storage_failed') return '';
		throw error;
	}
}
