/**
 * A tree with everything a Linux file system can hold that backup tools tend to lose.
 *
 * `createOddTree(dir)` fills an existing or new folder; it needs root, a file system with xattrs, ACLs and sparse
 * files (ext4, xfs, overlay on them; not tmpfs) and the Debian packages attr, acl and libcap2-bin. What is made is
 * the same on every run except for ctimes and the mtimes that `times` doesn't set. About 20 MiB on disk.
 * Not in it, because GNU tar can't keep them: sockets, and hardlinks between FIFOs or device nodes. Extracting its
 * mtimes makes tar warn on stderr of an "implausibly old time stamp" and of one "in the future"; both are restored.
 * Compare trees with `describeTree` and `diffTrees` of `describe-tree.ts`, which this file re-exports.
 */
import { execFileSync } from 'node:child_process';
import {
	chmodSync,
	chownSync,
	closeSync,
	ftruncateSync,
	lchownSync,
	linkSync,
	mkdirSync,
	openSync,
	symlinkSync,
	writeFileSync,
	writeSync,
} from 'node:fs';
import { join } from 'node:path';

export { describeTree, diffTrees, nameKey } from './describe-tree';
export type { TreeFacts } from './describe-tree';

const KiB = 1024;
const MiB = 1024 * KiB;

export interface OddTreeOptions {
	/** Adds `trusted.*` attributes, which need SYS_ADMIN to be written back. */
	readonly trusted?: boolean;
	/** Adds a sparse file of 9 GiB (past the 8 GiB of ustar's size field) holding 8 KiB; hashing it takes seconds. */
	readonly huge?: boolean;
}

/** Pseudo-random bytes, the same for the same seed; incompressible. */
export function noise(length: number, seed: number): Buffer {
	const words = new Uint32Array(Math.ceil(length / 4));
	let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
	for (let i = 0; i < words.length; i++) {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		words[i] = state >>> 0;
	}
	return Buffer.from(words.buffer, 0, length);
}

export function createOddTree(dir: string, options: OddTreeOptions = {}): void {
	if (process.getuid?.() !== 0)
		throw new Error('createOddTree needs root (owners, device nodes, capabilities)');
	mkdirSync(dir, { recursive: true });
	plainFiles(dir);
	names(dir);
	links(dir);
	sparseFiles(dir, options.huge === true);
	specialFiles(dir);
	ownersAndModes(dir);
	extendedAttributes(dir, options.trusted === true);
	times(dir);
	// Odd facts of the root itself, last: writing children would change its mtime.
	chownSync(dir, 999, 998);
	chmodSync(dir, 0o2751);
	run('setfattr', '-n', 'user.root', '-v', 'of the tree', dir);
	touch(dir, '2003-02-01 04:05:06.700000001 UTC');
}

function plainFiles(dir: string): void {
	mkdirSync(join(dir, 'plain'));
	const sizes = [0, 1, 511, 512, 513, 64 * KiB, 4 * MiB - 1, 4 * MiB, 4 * MiB + 1];
	for (const size of sizes) writeFileSync(join(dir, 'plain', `${size} bytes`), noise(size, size + 1));
	writeFileSync(join(dir, 'plain', 'compressible'), Buffer.alloc(3 * MiB, 'all work and no play '));
	mkdirSync(join(dir, 'empty folder'));
}

/** Paths relative to the root whose names are valid UTF-8 and strange all the same. */
const strangeNames = [
	'order/a',
	'order/a.b',
	'order/a-b',
	'order/a b',
	'order/a\nb',
	'order/d/child',
	'order/d.e',
	'order/d-e',
	'order/d0',
	'names/new\nline',
	'names/tab\tand\rreturn',
	'names/-rf',
	'names/--checkpoint-action=exec=false',
	'names/$(touch pwned)',
	'names/`id`',
	'names/it\'s "quoted"',
	'names/back\\slash\\012',
	'names/ leading and trailing ',
	'names/...',
	'names/*?[a-z]',
	'names/a=b%20c%3D',
	'names/\u0001\u007f',
	'names/e\u0301 decomposed',
	'names/\u00e9 composed',
	'names/\ud83d\ude00 astral',
	'names/\uffee below astral in UTF-16, not in UTF-8',
	`names/${'n'.repeat(255)}`,
	`names/${'\u00fc'.repeat(127)}x`,
	`${'d'.repeat(99)}/100`,
	`${'d'.repeat(90)}/${'e'.repeat(70)}/over 155 but splittable`,
	`${'deep/'.repeat(70)}over 255 bytes`,
	`${`${'x'.repeat(200)}/`.repeat(8)}over 1600 bytes`,
];

/** Names (below `names/`) that are not UTF-8. */
const rawNames = [
	[0xff],
	[0x6c, 0x61, 0x74, 0x69, 0x6e, 0xe9],
	[0xc3],
	[0xed, 0xa0, 0x80],
	[0xfe, 0x0a, 0x2e],
];

function names(dir: string): void {
	for (const name of strangeNames) {
		mkdirSync(join(dir, name, '..'), { recursive: true });
		writeFileSync(join(dir, name), `content of ${name}`);
	}
	for (const raw of rawNames) writeFileSync(below(dir, 'names', raw), 'raw name');
	mkdirSync(below(dir, 'names', [0x64, 0x80]));
	writeFileSync(Buffer.concat([below(dir, 'names', [0x64, 0x80]), Buffer.from('/child')]), 'in a raw folder');
	writeFileSync(below(dir, 'names', new Array<number>(255).fill(0xee)), '255 raw bytes');
}

function below(dir: string, folder: string, raw: readonly number[]): Buffer {
	return Buffer.concat([Buffer.from(`${join(dir, folder)}/`), Buffer.from(raw)]);
}

function links(dir: string): void {
	mkdirSync(join(dir, 'links/sub'), { recursive: true });
	const at = (name: string) => join(dir, 'links', name);
	writeFileSync(at('one'), noise(5000, 7));
	linkSync(at('one'), at('sub/same as one'));
	linkSync(at('one'), join(dir, 'zz also one'));
	linkSync(at('one'), below(dir, 'links', [0x7a, 0xff]));
	writeFileSync(below(dir, 'links', [0x61, 0xff]), 'raw first name');
	linkSync(below(dir, 'links', [0x61, 0xff]), at('link to a raw name'));
	symlinkSync('one', at('relative'));
	symlinkSync('/etc/hostname', at('absolute'));
	symlinkSync('../../../outside', at('upwards'));
	symlinkSync('missing\nfile', at('dangling'));
	symlinkSync('.', at('loop'));
	symlinkSync(`${'t'.repeat(250)}/`.repeat(12), at('target of 3012 bytes'));
	symlinkSync(Buffer.from([0x74, 0xff, 0xfe]), at('raw target'));
	symlinkSync('sub', at('to a folder'));
	linkSync(at('relative'), at('hardlink to a symlink'));
}

/** A file of `size` bytes holding `data` at each of `offsets`, holes elsewhere. */
function sparseFile(path: string, size: number, offsets: readonly number[], data: Buffer): void {
	const file = openSync(path, 'w');
	try {
		ftruncateSync(file, size);
		for (const offset of offsets) writeSync(file, data, 0, Math.min(data.length, size - offset), offset);
	} finally {
		closeSync(file);
	}
}

function sparseFiles(dir: string, huge: boolean): void {
	mkdirSync(join(dir, 'sparse'));
	const at = (name: string) => join(dir, 'sparse', name);
	const block = noise(8 * KiB, 11);
	sparseFile(at('only a hole'), 3 * MiB + 5, [], block);
	sparseFile(at('hole first'), 2 * MiB, [2 * MiB - 8 * KiB], block);
	sparseFile(at('hole last'), 2 * MiB + 77, [0], block);
	sparseFile(at('hole between'), 40 * MiB, [0, 36 * MiB], block);
	sparseFile(at('odd end'), 1 * MiB + 100, [0, 1 * MiB], block);
	// 600 extents: a map of many 512-byte blocks.
	const many = Array.from({ length: 600 }, (_, index) => index * 64 * KiB);
	sparseFile(at('many extents'), 600 * 64 * KiB + 1, many, block.subarray(0, 4 * KiB));
	sparseFile(at('name with \n newline'), 1 * MiB, [512 * KiB], block);
	sparseFile(at('s'.repeat(255)), 1 * MiB, [512 * KiB], block);
	linkSync(at('hole between'), at('hardlink to a sparse file'));
	if (huge) sparseFile(at('nine GiB'), 9 * 1024 * MiB + 3, [5 * 1024 * MiB], block);
}

function specialFiles(dir: string): void {
	mkdirSync(join(dir, 'special'));
	const at = (name: string) => join(dir, 'special', name);
	run('mkfifo', '-m', '0640', at('fifo'));
	run('mknod', at('null'), 'c', '1', '3');
	run('mknod', at('loop200'), 'b', '7', '200');
	run('mknod', at('large minor'), 'c', '511', '1048575');
}

function ownersAndModes(dir: string): void {
	mkdirSync(join(dir, 'modes'));
	const at = (name: string) => join(dir, 'modes', name);
	const modes = [0o4755, 0o2755, 0o6711, 0o1644, 0o000, 0o400, 0o7777, 0o222];
	for (const mode of modes) {
		const path = at(mode.toString(8).padStart(4, '0'));
		writeFileSync(path, 'mode');
		chownSync(path, 1000, 1000);
		// After chown, which clears setuid and setgid.
		chmodSync(path, mode);
	}
	for (const id of [1, 65534, 2097151, 2097152, 4294967294]) {
		writeFileSync(at(`owner ${id}`), 'owner');
		chownSync(at(`owner ${id}`), id, id - 1);
	}
	symlinkSync('owner 1', at('owned symlink'));
	lchownSync(at('owned symlink'), 1234, 5678);
	mkdirSync(at('sticky'));
	chmodSync(at('sticky'), 0o1777);
	mkdirSync(at('set group'));
	chmodSync(at('set group'), 0o2775);
	mkdirSync(at('closed'));
	writeFileSync(at('closed/inside'), 'inside a folder without permissions');
	chmodSync(at('closed'), 0o000);
}

function extendedAttributes(dir: string, trusted: boolean): void {
	mkdirSync(join(dir, 'attributes'));
	const at = (name: string) => join(dir, 'attributes', name);
	for (const name of ['text', 'binary', 'large', 'odd names', 'acl', 'capability', 'all']) {
		writeFileSync(at(name), name);
	}
	mkdirSync(at('folder'));
	run('setfattr', '-n', 'user.comment', '-v', 'plain text', at('text'));
	run('setfattr', '-n', 'user.empty', at('text'));
	run('setfattr', '-n', 'user.binary', '-v', '0x000aff3d0d0a25', at('binary'));
	run('setfattr', '-n', 'user.large', '-v', `0x${noise(3000, 3).toString('hex')}`, at('large'));
	run('setfattr', '-n', 'user.a.b c', '-v', '1', at('odd names'));
	run('setfattr', '-n', 'user.\u00e9', '-v', '2', at('odd names'));
	run('setfacl', '-m', 'u:1:rw,u:12345:r,g:54321:x', at('acl'));
	run('setfacl', '-m', 'u:12345:rwx,d:u:12345:rx,d:g:54321:r,d:o:-', at('folder'));
	run('setfattr', '-n', 'user.folder', '-v', 'yes', at('folder'));
	run('setcap', 'cap_net_bind_service,cap_net_raw=+ep', at('capability'));
	chownSync(at('all'), 33, 33);
	run('setfattr', '-n', 'user.all', '-v', 'x', at('all'));
	run('setfacl', '-m', 'u:12345:rwx', at('all'));
	run('setcap', 'cap_chown=+i', at('all'));
	if (!trusted) return;
	run('setfattr', '-n', 'trusted.note', '-v', '0x00ff', at('text'));
	symlinkSync('text', at('symlink'));
	run('setfattr', '-h', '-n', 'trusted.symlink', '-v', 'on a symlink', at('symlink'));
}

function times(dir: string): void {
	mkdirSync(join(dir, 'times'));
	const at = (name: string) => join(dir, 'times', name);
	const stamps: Record<string, string> = {
		'one nanosecond': '1970-01-01 00:00:00.000000001 UTC',
		epoch: '1970-01-01 00:00:00 UTC',
		'before the epoch': '1960-01-01 00:00:00.123456789 UTC',
		'just before the epoch': '1969-12-31 23:59:59.999999999 UTC',
		'trailing zeros': '2020-02-29 12:00:00.120000000 UTC',
		'past 2038': '2200-07-01 00:00:00.987654321 UTC',
	};
	for (const [name, stamp] of Object.entries(stamps)) {
		writeFileSync(at(name), name);
		touch(at(name), stamp);
	}
	symlinkSync('epoch', at('symlink'));
	touch(at('symlink'), '2001-09-09 01:46:40.5 UTC');
	mkdirSync(at('folder'));
	touch(at('folder'), '1999-12-31 23:59:59.25 UTC');
	touch(join(dir, 'special', 'fifo'), '2010-10-10 10:10:10.101010101 UTC');
	touch(join(dir, 'special', 'null'), '2011-11-11 11:11:11.111111111 UTC');
	touch(join(dir, 'sparse', 'many extents'), '2012-12-12 12:12:12.121212121 UTC');
}

/** Sets the mtime (and atime) of the entry itself, to the nanosecond. */
function touch(path: string, stamp: string): void {
	run('touch', '-h', '-d', stamp, path);
}

function run(command: string, ...args: string[]): void {
	execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
