/** `decrypt`: one archive file, nothing but its key needed. */
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import {
	BackupError,
	decryptColdrune,
	decryptFile,
	isColdrune,
	parseColdruneKey,
} from '../../operations/index';
import { keyFlags, readSmallFile, secretsOf } from '../flags/keys';
import { oneOperand } from '../flags/selection';
import { duration, size } from '../output/figures';
import { writeNewFile } from '../output/new-file';
import { usage } from '../parse-arguments';
import { defineVerb, type Outcome, type Shell } from '../verb';

export const decrypt = defineVerb({
	name: 'decrypt',
	operands: 'FILE',
	summary: 'Decrypt one archive file',
	details: [
		'Needs no repository and no record. Without --out the plaintext goes to stdout; only authenticated bytes do, but trust them whole only when the exit code is 0.',
		'With --out the file appears when everything in it is authentic.',
		'A snapshot that Coldrune made (CRBU) becomes its SQLite database: with --out, and with --key-file for the master key, as 32 bytes, 64 hexadecimal digits or base64.',
	],
	flags: [{ name: 'out', value: 'FILE', help: 'Write into this new file instead of stdout' }, ...keyFlags],
	required: [],
	examples: [
		'docker-backup decrypt nightly-20260131T030000Z-1f2e.tar.zst.enc --key-file backup.key | zstd -d | tar -tv',
		'docker-backup decrypt nightly-20260131T030000Z-1f2e.tar.zst.enc --key-file backup.key --out nightly.tar.zst',
	],
	async run({ operands, flags }, shell) {
		const file = resolve(shell.directory, oneOperand(operands, 'FILE'));
		const out = flags.out === undefined ? null : resolve(shell.directory, flags.out);
		if (out === null && shell.json) throw usage('--json goes with --out: else stdout carries the plaintext');
		if (out === null && shell.stdout.isTTY)
			throw usage('the plaintext would go to the terminal', 'Add --out FILE, or pipe it into a program.');
		if (await isColdrune(file)) return await fromColdrune(file, out, flags['key-file'], shell);
		const { secret, previousSecrets } = await secretsOf(flags, shell.directory);
		if (secret === null && previousSecrets.length === 0) {
			throw new BackupError('key_missing', 'no key to decrypt with', {
				hint: 'Give --key-file or --passphrase-file.',
			});
		}
		const secrets = secret === null ? previousSecrets : [secret, ...previousSecrets];
		if (out === null) {
			await decryptFile(file, secrets, shell.stdout, shell.context.signal);
			return { document: null, text: '' };
		}
		return await into(out, shell, (stream) => decryptFile(file, secrets, stream, shell.context.signal));
	},
});

/** Nothing of it is authentic before its end, so it is never piped into anything. */
async function fromColdrune(
	file: string,
	out: string | null,
	keyFile: string | undefined,
	shell: Shell,
): Promise<Outcome> {
	if (out === null) throw usage('a Coldrune snapshot is decrypted into a file', 'Add --out FILE.');
	if (keyFile === undefined) {
		throw new BackupError('key_missing', 'no key to decrypt with', {
			hint: "Give Coldrune's master key by --key-file.",
		});
	}
	const key = parseColdruneKey(await readSmallFile(resolve(shell.directory, keyFile), 'key', 'key_missing'));
	return await into(out, shell, (stream) => decryptColdrune(file, key, stream, shell.context.signal));
}

async function into(
	out: string,
	{ context }: Shell,
	write: (stream: Writable) => Promise<number>,
): Promise<Outcome> {
	const started = context.clock.monotonic();
	const bytes = await writeNewFile(out, context.random, write);
	const durationMs = Math.round(context.clock.monotonic() - started);
	return {
		document: { file: out, bytes, durationMs },
		text: `ok      ${out}: ${size(bytes)}, ${duration(durationMs)}\n`,
	};
}
