/**
 * The facts of a directory tree, as the kernel tells them, and the difference between two trees.
 *
 * `describeTree(dir)` reads everything below `dir` (the root included, as `.`): lstat, SHA-256 of contents, all
 * extended attributes (ACLs are `system.posix_acl_access` and `…_default`, capabilities `security.capability`),
 * hardlink groups, allocated bytes. It needs root and the Debian package attr; it throws what the file system
 * throws. Sync: for tests only.
 *
 * To compare a restored tree: `expect(diffTrees(describeTree(source), describeTree(restored))).toEqual([])`.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
	closeSync,
	lstatSync,
	openSync,
	readSync,
	readdirSync,
	readlinkSync,
	type BigIntStats,
} from 'node:fs';
import { isUtf8 } from 'node:buffer';

export interface TreeFacts {
	readonly type: 'file' | 'directory' | 'symlink' | 'fifo' | 'character' | 'block' | 'socket';
	/** Permission bits with setuid, setgid and sticky, octal. */
	readonly mode: string;
	readonly uid: number;
	readonly gid: number;
	/** Bytes of a regular file or of a symlink's target; 0 for everything else. */
	readonly size: number;
	/** Decimal nanoseconds since the epoch. */
	readonly mtimeNs: string;
	/** Not compared: nothing can set it. */
	readonly ctimeNs: string;
	/** `nameKey` of the target's bytes. */
	readonly linkTarget?: string;
	/** `major:minor` */
	readonly device?: string;
	/** Of a regular file's content, hex. */
	readonly sha256?: string;
	/** Name → value in hex. */
	readonly xattrs: Readonly<Record<string, string>>;
	/** Keys of all names of this inode within the tree, sorted, when there is more than one. */
	readonly hardlinks?: readonly string[];
	/** Whether a regular file occupies at least one 4 KiB block less than its size needs. */
	readonly sparse: boolean;
	/** Bytes the file occupies; compared with tolerance, since file systems differ. */
	readonly allocated: number;
}

/** Bytes of a path as a string: itself when UTF-8, else `base64:` and the bytes in base64. */
export function nameKey(bytes: Buffer): string {
	return isUtf8(bytes) ? bytes.toString('utf8') : `base64:${bytes.toString('base64')}`;
}

/** Facts by `nameKey` of the path relative to `dir` (`.` is `dir` itself), in the order read. */
export function describeTree(dir: string): Map<string, TreeFacts> {
	const root = Buffer.from(dir);
	const attributes = readAttributes(dir);
	const stats = new Map<string, { path: Buffer; stat: BigIntStats }>();
	walk(root, Buffer.from('.'), stats);
	const groups = new Map<string, string[]>();
	for (const [key, { stat }] of stats) {
		if (stat.isDirectory()) continue;
		const inode = `${stat.dev}:${stat.ino}`;
		groups.set(inode, [...(groups.get(inode) ?? []), key]);
	}
	const facts = new Map<string, TreeFacts>();
	for (const [key, { path, stat }] of stats) {
		const group = groups.get(`${stat.dev}:${stat.ino}`) ?? [];
		const hardlinks = group.length > 1 ? { hardlinks: [...group].sort() } : {};
		facts.set(key, { ...describe(path, stat), xattrs: attributes.get(key) ?? {}, ...hardlinks });
	}
	return facts;
}

function walk(root: Buffer, relative: Buffer, into: Map<string, { path: Buffer; stat: BigIntStats }>): void {
	const isRoot = relative.equals(Buffer.from('.'));
	const path = isRoot ? root : Buffer.concat([root, Buffer.from('/'), relative]);
	const stat = lstatSync(path, { bigint: true });
	into.set(nameKey(relative), { path, stat });
	if (!stat.isDirectory()) return;
	for (const name of readdirSync(path, { encoding: 'buffer' }).sort((a, b) => a.compare(b))) {
		walk(root, isRoot ? name : Buffer.concat([relative, Buffer.from('/'), name]), into);
	}
}

function describe(path: Buffer, stat: BigIntStats): Omit<TreeFacts, 'xattrs' | 'hardlinks'> {
	const type = typeOf(stat);
	const size = type === 'file' || type === 'symlink' ? Number(stat.size) : 0;
	const allocated = type === 'file' ? Number(stat.blocks) * 512 : 0;
	return {
		type,
		mode: (Number(stat.mode) & 0o7777).toString(8).padStart(4, '0'),
		uid: Number(stat.uid),
		gid: Number(stat.gid),
		size,
		mtimeNs: stat.mtimeNs.toString(),
		ctimeNs: stat.ctimeNs.toString(),
		sparse: type === 'file' && allocated + 4096 <= size,
		allocated,
		...(type === 'symlink' ? { linkTarget: nameKey(readlinkSync(path, { encoding: 'buffer' })) } : {}),
		...(type === 'character' || type === 'block' ? { device: deviceOf(stat.rdev) } : {}),
		...(type === 'file' ? { sha256: sha256OfFile(path) } : {}),
	};
}

function typeOf(stat: BigIntStats): TreeFacts['type'] {
	if (stat.isFile()) return 'file';
	if (stat.isDirectory()) return 'directory';
	if (stat.isSymbolicLink()) return 'symlink';
	if (stat.isFIFO()) return 'fifo';
	if (stat.isCharacterDevice()) return 'character';
	if (stat.isBlockDevice()) return 'block';
	return 'socket';
}

/** glibc's gnu_dev_major and gnu_dev_minor. */
function deviceOf(device: bigint): string {
	const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
	const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
	return `${major}:${minor}`;
}

/** SHA-256 of a file's content, hex. */
export function sha256OfFile(path: Buffer | string): string {
	const hash = createHash('sha256');
	const buffer = Buffer.allocUnsafe(1 << 20);
	const file = openSync(path, 'r');
	try {
		for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
			hash.update(buffer.subarray(0, read));
		}
	} finally {
		closeSync(file);
	}
	return hash.digest('hex');
}

/** All attributes of all entries, by `nameKey`; one getfattr for the whole tree. */
function readAttributes(dir: string): Map<string, Record<string, string>> {
	const options = ['-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '--absolute-names'];
	const output = execFileSync('getfattr', [...options, '.'], { cwd: dir, maxBuffer: 1 << 30 });
	const attributes = new Map<string, Record<string, string>>();
	let current: Record<string, string> = {};
	for (const line of output.toString('latin1').split('\n')) {
		if (line.startsWith('# file: ')) {
			current = {};
			// `./path`, and `.` for the root.
			attributes.set(nameKey(unescape(line.slice(8)).subarray(2)) || '.', current);
		} else if (line !== '') {
			// The value is hex, so the last = is the separator.
			const separator = line.lastIndexOf('=') < 0 ? line.length : line.lastIndexOf('=');
			current[nameKey(unescape(line.slice(0, separator)))] = line.slice(separator + 1);
		}
	}
	return attributes;
}

/** Undoes getfattr's escapes (a backslash and three octal digits). */
function unescape(text: string): Buffer {
	const octal = (_: string, digits: string) => String.fromCharCode(Number.parseInt(digits, 8));
	return Buffer.from(text.replace(/\\([0-7]{3})/g, octal), 'latin1');
}

/**
 * What differs, one line each (`path: fact expected → actual`); empty when the trees are alike.
 * ctime and the exact allocation are not compared; a sparse file may occupy 64 KiB or a tenth more than expected.
 */
export function diffTrees(
	expected: ReadonlyMap<string, TreeFacts>,
	actual: ReadonlyMap<string, TreeFacts>,
	options: { readonly ignore?: readonly (keyof TreeFacts)[] } = {},
): string[] {
	const ignored = new Set<string>([...(options.ignore ?? []), 'ctimeNs', 'allocated']);
	const differences: string[] = [];
	for (const [path, facts] of expected) {
		const other = actual.get(path);
		if (other === undefined) {
			differences.push(`${path}: missing`);
			continue;
		}
		for (const name of new Set([...Object.keys(facts), ...Object.keys(other)])) {
			if (ignored.has(name)) continue;
			const before = canonical(facts[name as keyof TreeFacts]);
			const after = canonical(other[name as keyof TreeFacts]);
			if (before !== after) differences.push(`${path}: ${name} ${before} → ${after}`);
		}
		const most = facts.allocated + Math.max(65_536, facts.allocated / 10);
		if (facts.sparse && other.allocated > most) {
			differences.push(`${path}: occupies ${other.allocated} bytes, was ${facts.allocated}`);
		}
	}
	for (const path of actual.keys()) if (!expected.has(path)) differences.push(`${path}: not expected`);
	return differences;
}

function canonical(value: TreeFacts[keyof TreeFacts]): string {
	if (value === undefined) return 'none';
	if (typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value);
	return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
