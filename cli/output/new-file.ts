/**
 * A new file that is whole or not there: written under a name of its own beside the target, which it gets at
 * the end and only when it is still free. Throws `target_exists`, `target_full`, `target_failed`, and
 * whatever `write` throws.
 */
import type { WriteStream } from 'node:fs';
import { link, lstat, open, rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { BackupError, type OperationContext } from '../../operations/index';

/** `write` ends the stream it is given. */
export async function writeNewFile<T>(
	out: string,
	random: OperationContext['random'],
	write: (stream: Writable) => Promise<T>,
): Promise<T> {
	if (await exists(out)) throw taken(out);
	const partial = `${out}.${random.bytes(4).toString('hex')}.partial`;
	try {
		// Open before anything can fail: a stream that opens it later could do so after the clean-up.
		const file = await open(partial, 'wx', 0o600);
		const stream = file.createWriteStream({ flush: true });
		try {
			const result = await write(stream);
			await closed(stream);
			await publish(partial, out);
			return result;
		} finally {
			stream.destroy();
			await closed(stream);
		}
	} catch (cause) {
		throw targetError(cause, out);
	} finally {
		await rm(partial, { force: true });
	}
}

async function closed(stream: WriteStream): Promise<void> {
	if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', resolve));
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
