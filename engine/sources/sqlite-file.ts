/**
 * A SQLite database file of a mounted place, before it is opened: that it is inside, on a file system whose locks hold,
 * and begins like one. Throws `invalid_parameter`, `sqlite_not_found`, `source_failed`, `source_unreadable`.
 */
import { open, realpath, stat, statfs } from 'node:fs/promises';
import { BackupError } from '../../protocol/errors';
import { parsePathBelow } from '../../protocol/names';

/** What stands between a place's root and the path of a file in it. */
const below = '/./';

export interface PlacedFile {
	/** Absolute, without symbolic links. */
	readonly path: string;
	/** Below the place's root, as it was asked for. */
	readonly below: string;
	readonly size: number;
	/** Permission bits. */
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
}

/** SQLite's files beside a database: they belong to it, and to no other. */
export const companions = ['-wal', '-shm', '-journal'] as const;

export const headerBytes = 100;
const magic = Buffer.from('SQLite format 3\0', 'latin1');

/** `header`: the first bytes of a file, at least 20. Null when it is no SQLite database. */
export function journalModeOf(header: Buffer): 'wal' | 'rollback' | null {
	if (header.length < 20 || !header.subarray(0, magic.length).equals(magic)) return null;
	return header.readUInt8(18) === 2 ? 'wal' : 'rollback';
}

/** `path`: `<root>/./<path below>`. `name`: for messages. */
export async function placeFile(path: string, name: string): Promise<PlacedFile> {
	const cut = path.indexOf(below);
	const [root, rest] = cut < 0 ? ['', ''] : [path.slice(0, cut), path.slice(cut + below.length)];
	parsePathBelow(rest);
	try {
		const [inside, found] = [await realpath(root), await realpath(`${root}/${rest}`)];
		if (!found.startsWith(`${inside}/`)) {
			throw new BackupError('invalid_parameter', `${name} is a symbolic link that leads out of its place`, {
				hint: 'Name the file that it leads to.',
			});
		}
		const facts = await stat(found);
		if (!facts.isFile()) throw notSqlite(name, 'is not a regular file');
		await requireLocks(found, name);
		const { size, mode, uid, gid } = facts;
		await requireHeader(found, size, name);
		return { path: found, below: rest, size, mode: mode & 0o777, uid, gid };
	} catch (error) {
		throw unreadable(error, name);
	}
}

async function requireHeader(path: string, size: number, name: string): Promise<void> {
	if (size === 0) throw notSqlite(name, 'is empty');
	if (journalModeOf(await readHeader(path)) !== null) return;
	throw notSqlite(
		name,
		'does not begin like a SQLite database',
		'Choose another file (docker-backup find sqlite lists them). If it is an encrypted database, back its volume up instead.',
	);
}

export async function readHeader(path: string): Promise<Buffer> {
	const file = await open(path, 'r');
	try {
		const { bytesRead, buffer } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
		return buffer.subarray(0, bytesRead);
	} finally {
		await file.close();
	}
}

/** Magic numbers of statfs(2): file systems whose locks others may not see, or whose memory maps are not shared. */
const remote: ReadonlyMap<number, string> = new Map([
	[0x6969, 'NFS'],
	[0xff534d42, 'CIFS'],
	[0xfe534d42, 'SMB'],
	[0x517b, 'SMB'],
	[0x65735546, 'FUSE'],
	[0x01021997, '9P'],
	[0x00c36400, 'CephFS'],
	[0x5346414f, 'AFS'],
	[0x0bd00bd0, 'Lustre'],
	[0x47504653, 'GPFS'],
	[0x7461636f, 'OCFS2'],
	[0x01161970, 'GFS2'],
]);

export const remoteFileSystem = (type: number): string | undefined => remote.get(type >>> 0);

async function requireLocks(path: string, name: string): Promise<void> {
	const kind = remoteFileSystem((await statfs(path)).type);
	if (kind === undefined) return;
	throw new BackupError(
		'source_failed',
		`${name} lies on a ${kind} file system, whose locks can't be relied on`,
		{
			hint: 'Stop the application and back the volume up instead.',
		},
	);
}

function notSqlite(name: string, what: string, hint?: string): BackupError {
	return new BackupError('sqlite_not_found', `${name} ${what}`, {
		hint: hint ?? 'Choose another file; docker-backup find sqlite lists the databases of a volume.',
	});
}

function unreadable(error: unknown, name: string): unknown {
	if (error instanceof BackupError) return error;
	const { code = '' } = error as NodeJS.ErrnoException;
	if (code === 'ENOENT' || code === 'ENOTDIR') return notSqlite(name, 'does not exist');
	return new BackupError('source_unreadable', `${name} can't be read (${code})`, { cause: error });
}
