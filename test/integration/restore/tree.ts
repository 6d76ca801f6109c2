/** A tree of a volume as GNU tar gives it to an archive, for tests that look at what comes back. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { noise } from '../../trees/odd-tree';

export const largeBytes = 24 << 20;

/**
 * `volumes/v`: small files before and after `large` (24 MiB that don't compress), two names of one file, a symbolic
 * link, a file with set-id bits; `volumes/w`: one file.
 */
export function makeTree(directory: string): string {
	const write = (path: string, content: string | Buffer, mode = 0o640) => {
		const file = join(directory, 'volumes', path);
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, content, { mode });
		return file;
	};
	write('v/conf/app.ini', 'name = v\n');
	write('v/conf/deep/er/one.conf', 'one');
	write('v/conf/deep/two.conf', 'two');
	write('v/empty', '');
	write('v/first/name', 'shared content');
	write('v/first/other', 'other');
	write('v/large', noise(largeBytes, 7));
	chmodSync(write('v/su', '#!/bin/sh\n'), 0o4755);
	mkdirSync(join(directory, 'volumes/v/second'));
	linkSync(join(directory, 'volumes/v/first/name'), join(directory, 'volumes/v/second/name'));
	symlinkSync('/etc/passwd', join(directory, 'volumes/v/symlink'));
	write('w/file', 'w');
	for (const [index, name] of [
		'v/conf/deep/er',
		'v/conf/deep',
		'v/conf',
		'v/first',
		'v/second',
		'v',
	].entries()) {
		const path = join(directory, 'volumes', name);
		chownSync(path, 1000 + index, 2000 + index);
		chmodSync(path, 0o750);
		utimesSync(path, 1_000_000_000 + index, 1_000_000_000 + index);
	}
	return directory;
}

export function tarOf(directory: string, volumes: readonly string[] = ['v', 'w']): Buffer {
	const options = ['--create', '--file=-', '--format=pax', '--pax-option=delete=atime', '--sort=name'];
	const names = volumes.map((name) => `volumes/${name}`);
	return execFileSync('tar', [...options, '--numeric-owner', `--directory=${directory}`, ...names], {
		maxBuffer: 256 << 20,
	});
}
