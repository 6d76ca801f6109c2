/** `decrypt`: one archive file, nothing but its key needed. */
import { createWriteStream } from 'node:fs';
import { link, lstat, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BackupError, decryptFile, type Secret } from '../../operations/index';
import { keyFlags, secretsOf } from '../flags/keys';
import { oneOperand } from '../flags/selection';
import { duration, size } from '../output/figures';
import { usage } from '../parse-arguments';
import { defineVerb, type Shell } from '../verb';

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
		const bytes = await decryptInto(out, file, secrets, shell);
		const durationMs = Math.round(shell.context.clock.monotonic() - started);
		return {
			document: { file: out, bytes, durationMs },
			text: `ok      ${out}: ${size(bytes)}, ${duration(durationMs)}\n`,
		};
	},
});

/** The file gets its name at the end, and only when that name is still free. */
async function decryptInto(
	out: string,
	file: string,
	secrets: readonly Secret[],
	{ context }: Shell,
): Promise<number> {
	if (await exists(out)) throw taken(out);
	const partial = `${out}.${context.random.bytes(4).toString('hex')}.partial`;
	try {
		const bytes = await decryptFile(
			file,
			secrets,
			createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true }),
			context.signal,
		);
		await publish(partial, out);
		return bytes;
	} catch (cause) {
		throw targetError(cause, out);
	} finally {
		await rm(partial, { force: true });
	}
}

async function publish(partial: string, out: string): Promise<void> {
	try {
		await link(partial, out);
	} catch (error) {
		// File systems of removable disks often have no hard links.
		if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? ''))
			throw error;
		if (await exists(out)) throw taken(out);
		await rename(partial, out);
	}
}

async function exists(path: string): Promise<boolean> {
	try {
		await lstat(path);
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
		throw targetError(error, path);
	}
}

function taken(out: string, cause?: unknown): BackupError {
	return new BackupError('target_exists', `the file ${out} exists already`, {
		hint: 'Name a new file.',
		cause,
	});
}

function targetError(cause: unknown, out: string): unknown {
	const code = (cause as NodeJS.ErrnoException).code ?? '';
	if (code === 'EEXIST') return taken(out, cause);
	if (code === 'ENOSPC' || code === 'EDQUOT') {
		return new BackupError('target_full', `there is no space left for ${out}`, { cause });
	}
	if (['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR', 'EROFS'].includes(code)) {
		return new BackupError('target_failed', `the file ${out} can't be written`, {
			hint: 'Check its folder and permissions.',
			cause,
		});
	}
	return cause;
}
