/** `decrypt`: one archive file, nothing but its key needed. */
import { resolve } from 'node:path';
import { BackupError, decryptFile } from '../../operations/index';
import { keyFlags, secretsOf } from '../flags/keys';
import { oneOperand } from '../flags/selection';
import { duration, size } from '../output/figures';
import { writeNewFile } from '../output/new-file';
import { usage } from '../parse-arguments';
import { defineVerb } from '../verb';

export const decrypt = defineVerb({
	name: 'decrypt',
	operands: 'FILE',
	summary: 'Decrypt one archive file',
	details: [
		'Needs no repository and no record. Without --out the plaintext goes to stdout; only authenticated bytes do, but trust them whole only when the exit code is 0.',
		'With --out the file appears when everything in it is authentic.',
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
		const started = shell.context.clock.monotonic();
		const bytes = await writeNewFile(out, shell.context.random, (stream) =>
			decryptFile(file, secrets, stream, shell.context.signal),
		);
		const durationMs = Math.round(shell.context.clock.monotonic() - started);
		return {
			document: { file: out, bytes, durationMs },
			text: `ok      ${out}: ${size(bytes)}, ${duration(durationMs)}\n`,
		};
	},
});
