/**
 * The keys of one repository: derived from the credential's secrets with the repository's own
 * parameters, checked against its signed document. Master keys stay here; runners get archive keys.
 * Throws `key_missing`, `key_wrong`, and what the document's check throws.
 */
import {
	archiveKey,
	createDocument,
	deriveMasterKey,
	keyId,
	parseDocument,
	rawKdf,
	signer,
	verifyDocument,
	type RepositoryDocument,
	type Secret,
	type Signer,
} from '../engine/index';
import type { Clock, RandomSource } from '../protocol/environment';
import { BackupError } from '../protocol/errors';
import type { BackupRecord, KdfParameters } from '../protocol/record';
import type { RepositorySettings } from './settings';

/** scrypt's cost for new repositories: 2^17 × 8 × 128 bytes = 128 MiB. */
const logN = 17;

export interface UnlockedKey {
	readonly master: Buffer;
	readonly keyId: string;
	readonly kdf: KdfParameters;
	readonly signer: Signer;
}

export interface Keyring {
	readonly document: RepositoryDocument;
	/** The key that new archives and records use; null without a secret. */
	readonly current: UnlockedKey | null;
	/** Public keys whose signatures count, by base64. Empty: nothing can be checked. */
	readonly publicKeys: readonly string[];
	/** Key of this archive, base64; null when it is not encrypted. */
	keyOf(record: BackupRecord): Promise<string | null>;
}

export interface Introduction {
	readonly keyring: Keyring;
	/** Text of the document to create; null when there is one. */
	readonly create: string | null;
}

export async function unlock(
	text: string | null,
	empty: boolean,
	settings: RepositorySettings,
	place: string,
	{ clock, random }: { clock: Clock; random: RandomSource },
): Promise<Introduction> {
	if (text !== null) return { keyring: await open(text, settings, place), create: null };
	if (!empty) {
		throw new BackupError('repository_not_empty', `${place} holds other files and no repository.json`, {
			hint: 'Name the root of a repository, or an empty directory or volume for a new one.',
		});
	}
	if (!settings.mayCreate) {
		throw new BackupError('repository_not_found', `${place} holds no repository`, {
			hint: 'Check the location, or allow creating a repository in the Backup Repository credential.',
		});
	}
	const created = await draft(settings, clock, random);
	return { keyring: await open(created, settings, place), create: created };
}

/** A new repository's document, signed with the current key when there is one. */
async function draft(settings: RepositorySettings, clock: Clock, random: RandomSource): Promise<string> {
	const salt = random.bytes(16).toString('hex');
	const key = settings.secret && (await derive(settings.secret, { logN, salt }));
	return createDocument({ signer: key?.signer ?? null, keyId: key?.keyId, logN, salt, clock, random });
}

async function open(text: string, settings: RepositorySettings, place: string): Promise<Keyring> {
	const unchecked = parseDocument(text);
	const current = settings.secret && (await derive(settings.secret, unchecked.scrypt));
	const previous = await Promise.all(
		settings.previousSecrets.map((secret) => derive(secret, unchecked.scrypt)),
	);
	const known = current ? [current, ...previous] : previous;
	const document = verifyDocument(
		text,
		known.map((key) => key.signer.publicKey),
		known.map((key) => key.keyId),
	);
	if (settings.id !== null && settings.id !== document.id) {
		throw new BackupError(
			'repository_id_mismatch',
			`${place} holds repository ${document.id}, not ${settings.id}`,
			{
				hint: 'The location was replaced, or the id pinned in the credential belongs to another repository.',
			},
		);
	}
	const fromDocument = document.publicKey === null ? [] : [document.publicKey];
	const publicKeys = known.length > 0 ? known.map((key) => key.signer.publicKey) : fromDocument;
	const secrets = settings.secret ? [settings.secret, ...settings.previousSecrets] : settings.previousSecrets;
	return { document, current, publicKeys, keyOf: (record) => keyOf(record, known, secrets) };
}

async function derive(secret: Secret, { logN, salt }: RepositoryDocument['scrypt']): Promise<UnlockedKey> {
	const kdf: KdfParameters = secret.type === 'raw' ? rawKdf : { id: 'scrypt', logN, salt };
	const master = await deriveMasterKey(secret, kdf);
	return { master, keyId: keyId(master), kdf, signer: signer(master) };
}

async function keyOf(
	record: BackupRecord,
	known: readonly UnlockedKey[],
	secrets: readonly Secret[],
): Promise<string | null> {
	if (!record.encrypted || record.kdf === null || record.keyId === null) return null;
	const fits = known.find((key) => key.keyId === record.keyId);
	if (fits) return archiveKey(fits.master, record.archiveId).toString('base64');
	// A copy keeps the salt of the repository that it came from.
	for (const secret of secrets.filter((candidate) => candidate.type === 'passphrase')) {
		if (record.kdf.id !== 'scrypt') break;
		const key = await derive(secret, record.kdf);
		if (key.keyId === record.keyId) return archiveKey(key.master, record.archiveId).toString('base64');
	}
	if (secrets.length === 0) {
		throw new BackupError(
			'key_missing',
			`${record.id} is encrypted with key ${record.keyId} and no key was given`,
			{
				hint: 'Set the encryption key or passphrase in the Backup Repository credential (CLI: --key-file or --passphrase-file).',
			},
		);
	}
	throw new BackupError(
		'key_wrong',
		`${record.id} needs key ${record.keyId}; tried ${known.map((key) => key.keyId).join(', ')}`,
		{
			hint: 'Add the key that was in use when this archive was made to the previous keys.',
		},
	);
}
