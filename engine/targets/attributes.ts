/**
 * Gives one directory what another one is beside its content: owner, mode, ACLs, extended attributes and capabilities,
 * by way of GNU tar, which keeps them all. (Attributes that only the receiving one has stay; its ACL does not.)
 * Throws `target_failed`, `target_full`.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { writeTree } from '../sources/gnu-tar';
import { unusable } from './directories';

const environment = { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

/** `modified`: seconds since 1970 with decimals. */
export async function copyAttributes(from: string, to: string, modified: string): Promise<void> {
	const options = ['--create', '--file=-', '--no-recursion', '--format=pax', '--pax-option=delete=atime'];
	const fidelity = ['--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner', `--mtime=@${modified}`];
	const read = promisify(execFile)('tar', [...options, ...fidelity, `--directory=${from}`, '--', '.'], {
		encoding: 'buffer',
		env: environment,
		maxBuffer: 4 << 20,
	});
	const { stdout } = await read.catch((cause: unknown) => {
		throw unusable(from, cause);
	});
	// Half of it would be neither the one nor the other: it is not interrupted.
	const { signal } = new AbortController();
	const tree = writeTree(to, { members: [], stripComponents: 0 }, signal, () => undefined);
	await tree.write(stdout);
	await tree.end();
}
