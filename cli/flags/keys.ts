/**
 * Keys and passphrases, always from files: the command line is for everybody to see. A key file holds the
 * base64 of 32 bytes as `keygen` prints it, a passphrase file the passphrase and at most one line break.
 * Throws `usage`, `key_missing` (a file that can't be read), `key_invalid`.
 */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
	BackupError,
	parseRawKey,
	passphraseFromFile,
	type ErrorCode,
	type Secret,
} from '../../operations/index';
import { usage } from '../parse-arguments';
import type { Flag, Values } from '../verb';

export const keyFlags = [
	{ name: 'key-file', value: 'FILE', help: 'File with the encryption key (made by keygen)' },
	{ name: 'passphrase-file', value: 'FILE', help: 'File with the passphrase, instead of a key' },
	{
		name: 'previous-key-file',
		value: 'FILE',
		repeatable: true,
		help: 'File with a former key, to read what was made with it',
	},
	{
		name: 'previous-passphrase-file',
		value: 'FILE',
		repeatable: true,
		help: 'File with a former passphrase',
	},
] as const satisfies readonly Flag[];

export type KeyValues = Values<typeof keyFlags>;

export interface Secrets {
	readonly secret: Secret | null;
	readonly previousSecrets: readonly Secret[];
}

const mostBytes = 64 << 10;

export async function secretsOf(flags: KeyValues, directory: string): Promise<Secrets> {
	const key = flags['key-file'];
	const passphrase = flags['passphrase-file'];
	if (key !== undefined && passphrase !== undefined) {
		throw usage(
			'--key-file and --passphrase-file exclude each other',
			'A former one of them belongs to --previous-key-file or --previous-passphrase-file.',
		);
	}
	const keyOf = (file: string) => readKey(resolve(directory, file));
	const passphraseOf = (file: string) => readPassphrase(resolve(directory, file));
	const secret =
		key !== undefined ? await keyOf(key) : passphrase !== undefined ? await passphraseOf(passphrase) : null;
	const previousSecrets = [
		...(await Promise.all(flags['previous-key-file'].map(keyOf))),
		...(await Promise.all(flags['previous-passphrase-file'].map(passphraseOf))),
	];
	return { secret, previousSecrets };
}

async function readKey(path: string): Promise<Secret> {
	const key = (await readSecret(path, 'key', keyCodes)).trim();
	parseRawKey(key);
	return { type: 'raw', key };
}

async function readPassphrase(path: string): Promise<Secret> {
	const passphrase = passphraseFromFile(await readSecret(path, 'passphrase', keyCodes));
	if (passphrase === '') throw new BackupError('key_invalid', `the passphrase file ${path} is empty`);
	return { type: 'passphrase', passphrase };
}

export interface SecretFileCodes {
	readonly missing: ErrorCode;
	readonly invalid: ErrorCode;
}

const keyCodes: SecretFileCodes = { missing: 'key_missing', invalid: 'key_invalid' };

/** The file's text; it may be a pipe or /dev/stdin. */
export async function readSecret(
	path: string,
	what: string,
	{ missing, invalid }: SecretFileCodes,
): Promise<string> {
	const bytes = await readSmallFile(path, what, missing);
	const text = bytes.toString('utf8');
	// Never the content itself: it may be a secret in another encoding.
	if (bytes.length > mostBytes || !Buffer.from(text).equals(bytes)) {
		throw new BackupError(invalid, `the ${what} file ${path} holds no ${what}`, {
			hint: 'A key file holds what keygen prints; any other secret is one line of UTF-8 text.',
		});
	}
	return text;
}

/** What a file or pipe holds; of a large one somewhat more than its first 64 KiB. */
export async function readSmallFile(path: string, what: string, missing: ErrorCode): Promise<Buffer> {
	try {
		const file = await open(path);
		try {
			const chunks: Buffer[] = [];
			let length = 0;
			for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
				chunks.push(chunk);
				length += chunk.length;
				if (length > mostBytes) break;
			}
			return Buffer.concat(chunks);
		} finally {
			await file.close();
		}
	} catch (cause) {
		throw new BackupError(missing, `the ${what} file ${path} can't be read: ${reason(cause)}`, {
			hint: 'Check the path and its permissions.',
			cause,
		});
	}
}

function reason(error: unknown): string {
	const code = (error as NodeJS.ErrnoException | null)?.code;
	const words: Readonly<Record<string, string>> = {
		ENOENT: 'there is no such file',
		EACCES: 'no permission',
		EISDIR: 'it is a directory',
	};
	return words[code ?? ''] ?? (error instanceof Error ? error.message : String(error));
}
