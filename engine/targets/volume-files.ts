/**
 * What changing a volume's content takes, call by call: names are bytes, nothing is followed through a symbolic
 * link. Tests put one between that dies at any call.
 */
import { execFile } from 'node:child_process';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { BackupError } from '../../protocol/errors';
import { copyAttributes } from './attributes';
import { unusable } from './directories';

export interface VolumeFiles {
	/** Undefined when there is no such directory; `target_failed` when it is something else. */
	names(directory: Buffer): Promise<Buffer[] | undefined>;
	/** Null when there is no such file, or one too large to be ours. */
	read(path: Buffer): Promise<Buffer | null>;
	/** A new file, on the disk when it returns. */
	write(path: Buffer, bytes: Buffer): Promise<void>;
	/** One that only its owner enters; fine when it is there. */
	makeFolder(path: Buffer): Promise<void>;
	rename(from: Buffer, to: Buffer): Promise<void>;
	/** With all below; fine when it is not there. */
	remove(path: Buffer): Promise<void>;
	/** What a directory lists is on the disk when it returns. */
	settle(directory: Buffer): Promise<void>;
	/** All that was written to a path's file system is on the disk when it returns. */
	settleAll(path: Buffer): Promise<void>;
	/** In ns. */
	modified(path: Buffer): Promise<bigint>;
	setModified(path: Buffer, ns: bigint): Promise<void>;
	/** Owner, mode, ACLs and extended attributes of a directory, and this time. */
	copyAttributes(from: Buffer, to: Buffer, modifiedNs: bigint): Promise<void>;
}

const largestFile = 64 << 10;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

export const volumeFiles: VolumeFiles = {
	async names(directory) {
		try {
			if (!(await lstat(directory)).isDirectory()) throw notAFolder(directory);
			return await readdir(directory, { encoding: 'buffer' });
		} catch (error) {
			if (codeOf(error) === 'ENOENT') return undefined;
			throw error;
		}
	},
	async read(path) {
		try {
			const found = await lstat(path);
			if (!found.isFile() || found.size > largestFile) return null;
			const file = await open(path, 'r');
			try {
				return await file.readFile();
			} finally {
				await file.close();
			}
		} catch (error) {
			if (codeOf(error) === 'ENOENT') return null;
			throw error;
		}
	},
	async write(path, bytes) {
		const file = await open(path, 'wx', 0o600);
		try {
			await file.writeFile(bytes);
			await file.sync();
		} finally {
			await file.close();
		}
	},
	async makeFolder(path) {
		try {
			await mkdir(path, { mode: 0o700 });
		} catch (error) {
			if (codeOf(error) !== 'EEXIST' || !(await lstat(path)).isDirectory()) throw error;
		}
	},
	rename: (from, to) => rename(from, to),
	remove: (path) => rm(path, { recursive: true, force: true }),
	async settle(directory) {
		const file = await open(directory, 'r');
		try {
			await file.sync();
		} finally {
			await file.close();
		}
	},
	settleAll: (path) => run('sync', ['-f', path.toString()]),
	modified: async (path) => (await lstat(path, { bigint: true })).mtimeNs,
	// Node's own call rounds to microseconds.
	setModified: (path, ns) => run('touch', ['-m', '-d', `@${seconds(ns)}`, path.toString()]),
	copyAttributes: (from, to, ns) => copyAttributes(from.toString(), to.toString(), seconds(ns)),
};

/** With nine decimals, also before 1970. */
function seconds(ns: bigint): string {
	const [size, sign] = ns < 0n ? [-ns, '-'] : [ns, ''];
	const digits = size.toString().padStart(10, '0');
	return `${sign}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

function notAFolder(path: Buffer): BackupError {
	return new BackupError('target_failed', `${path.toString()} in the target is no directory`, {
		hint: 'Names like this are kept for restores: move it away.',
	});
}

async function run(command: string, args: readonly string[]): Promise<void> {
	try {
		await promisify(execFile)(command, args);
	} catch (cause) {
		throw unusable(args.at(-1) ?? '', cause);
	}
}
