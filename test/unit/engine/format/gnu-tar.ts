/** Real GNU tar, as the volume source runs it. */
import { execFileSync } from 'node:child_process';
import type { IndexEntry } from '../../../../engine/format/index-entry';
import { createTarScanner, type TarScannerOptions } from '../../../../engine/format/tar-scanner';

export const tarOptions = [
	'--format=pax',
	'--pax-option=delete=atime',
	'--xattrs',
	'--acls',
	'--sparse',
	'--numeric-owner',
	'--sort=name',
];

const environment = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };

/** The tar of `members` of `dir`, as tar writes it. */
export function tarOf(dir: string, members: readonly string[] = ['.'], options = tarOptions): Buffer {
	const args = ['-c', '-f', '-', '-C', dir, ...options, '--', ...members];
	return execFileSync('tar', args, { maxBuffer: 1 << 30, env: environment });
}

/** What tar writes to stdout when it is given `archive` on stdin. */
export function runTar(args: readonly string[], archive: Buffer): Buffer {
	return execFileSync('tar', args, { input: archive, maxBuffer: 1 << 30, env: environment, stdio: 'pipe' });
}

/** Scans a whole tar in chunks of these sizes; `passed` are the bytes that the scanner let through. */
export function scan(
	tar: Buffer,
	sizes: readonly number[] = [65_536],
	options: Partial<TarScannerOptions> = {},
): { entries: IndexEntry[]; passed: Buffer } {
	const entries: IndexEntry[] = [];
	const passed: Buffer[] = [];
	const scanner = createTarScanner({ baseOffset: 0, onEntry: (entry) => entries.push(entry), ...options });
	for (let position = 0, index = 0; position < tar.length; index++) {
		const end = position + Math.max(1, sizes[index % sizes.length] ?? 1);
		passed.push(scanner.push(tar.subarray(position, end)));
		position = end;
	}
	scanner.end();
	return { entries, passed: Buffer.concat(passed) };
}
