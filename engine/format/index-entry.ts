/**
 * One entry of an archive's index: what a tar says of a file, where it lies, and the hash of its content
 * (docs/FORMAT.md, "Index"). As JSON its fields have a fixed order and nothing else; version 1 is frozen.
 */
import { isUtf8 } from 'node:buffer';
import { BackupError } from '../../protocol/errors';

export const entryTypes = ['file', 'directory', 'symlink', 'hardlink', 'fifo', 'character', 'block'] as const;
export type EntryType = (typeof entryTypes)[number];

export interface IndexEntry {
	/** As in the tar, without the trailing slash of folders. Exactly one of `path` and `pathBase64` is there. */
	readonly path?: string;
	/** The path's bytes, when they are not UTF-8. */
	readonly pathBase64?: string;
	readonly type: EntryType;
	/** Bytes of a regular file, holes included; 0 for everything else, hardlinks too. */
	readonly size: number;
	/** Permission bits with setuid, setgid and sticky. */
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
	/** Nanoseconds since the epoch, decimal, may be negative. */
	readonly mtimeNs: string;
	readonly ctimeNs?: string;
	/** Of a symlink, or the first path of a hardlink's file; one of the two for exactly these types. */
	readonly linkTarget?: string;
	readonly linkTargetBase64?: string;
	/** Of character and block devices. */
	readonly device?: { readonly major: number; readonly minor: number };
	/** Stored without its holes (GNU sparse format 1.0). */
	readonly sparse?: true;
	/** Names of the extended attributes, for people: bytes that are not UTF-8 show as U+FFFD. */
	readonly xattrs?: readonly string[];
	/** SHA-256 of a regular file's content, hex; of a sparse file with its holes as zeros. */
	readonly sha256?: string;
	/**
	 * Instead of `sha256` for sparse files with more than 1 GiB of holes or 65,536 extents: SHA-256 of the data as
	 * stored in the tar (map and extents), since hashing the zeros would take longer than everything else.
	 */
	readonly sha256Stored?: string;
	/** Place in the plaintext: from the entry's first extended header to the end of its padded data. */
	readonly offset: number;
	readonly length: number;
}

/** The raw bytes of an entry's path. */
export function entryPath(entry: Pick<IndexEntry, 'path' | 'pathBase64'>): Buffer {
	return entry.path !== undefined ? Buffer.from(entry.path) : Buffer.from(entry.pathBase64 ?? '', 'base64');
}

/** The raw bytes of a link's target; undefined for other types. */
export function entryLinkTarget(entry: IndexEntry): Buffer | undefined {
	if (entry.linkTarget !== undefined) return Buffer.from(entry.linkTarget);
	return entry.linkTargetBase64 === undefined ? undefined : Buffer.from(entry.linkTargetBase64, 'base64');
}

/** Bytes of a path as the fields of an entry. */
export function pathFields(bytes: Buffer): Pick<IndexEntry, 'path' | 'pathBase64'> {
	return isUtf8(bytes) ? { path: bytes.toString('utf8') } : { pathBase64: bytes.toString('base64') };
}

export function linkFields(bytes: Buffer): Pick<IndexEntry, 'linkTarget' | 'linkTargetBase64'> {
	return isUtf8(bytes)
		? { linkTarget: bytes.toString('utf8') }
		: { linkTargetBase64: bytes.toString('base64') };
}

/** Every field, in the order in which it is written. */
const fieldOrder = [
	'path',
	'pathBase64',
	'type',
	'size',
	'mode',
	'uid',
	'gid',
	'mtimeNs',
	'ctimeNs',
	'linkTarget',
	'linkTargetBase64',
	'device',
	'sparse',
	'xattrs',
	'sha256',
	'sha256Stored',
	'offset',
	'length',
] as const satisfies readonly (keyof IndexEntry)[];

/** One line of JSON, without its line feed. */
export function encodeIndexEntry(entry: IndexEntry): string {
	const ordered: Partial<Record<keyof IndexEntry, unknown>> = {};
	for (const name of fieldOrder) {
		if (entry[name] !== undefined) ordered[name] = entry[name];
	}
	if (entry.device !== undefined) ordered.device = { major: entry.device.major, minor: entry.device.minor };
	return JSON.stringify(ordered);
}

/** The entry in a parsed JSON value; anything but what the format allows is `archive_malformed`. */
export function parseIndexEntry(value: unknown): IndexEntry {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('it is no object');
	for (const name of Object.keys(value)) {
		if (!(fieldOrder as readonly string[]).includes(name)) refuse(`it has an unknown field "${name}"`);
	}
	const fields: Partial<Record<keyof IndexEntry, unknown>> = value;
	const type = entryTypes.find((known) => known === fields.type) ?? refuse('its type is unknown');
	const entry = {
		...parseEntryPath(fields.path, fields.pathBase64),
		type,
		size: integer(fields, 'size', Number.MAX_SAFE_INTEGER),
		mode: integer(fields, 'mode', 0o7777),
		uid: integer(fields, 'uid', idMax),
		gid: integer(fields, 'gid', idMax),
		mtimeNs: nanoseconds(fields.mtimeNs, 'mtimeNs'),
		...(fields.ctimeNs === undefined ? {} : { ctimeNs: nanoseconds(fields.ctimeNs, 'ctimeNs') }),
		...parseLink(fields, type),
		...parseDevice(fields, type),
		...parseSparse(fields, type),
		...parseXattrs(fields),
		...parseHash(fields, type),
		offset: integer(fields, 'offset', Number.MAX_SAFE_INTEGER),
		length: integer(fields, 'length', Number.MAX_SAFE_INTEGER),
	};
	if (type !== 'file' && entry.size !== 0) refuse(`a ${type} has a size`);
	const end = entry.offset + entry.length;
	if (
		entry.offset % 512 !== 0 ||
		entry.length % 512 !== 0 ||
		entry.length === 0 ||
		!Number.isSafeInteger(end)
	) {
		refuse('its place is impossible');
	}
	return entry;
}

type Fields = Partial<Record<keyof IndexEntry, unknown>>;

/** Bytes of a path or a link target, at most. Linux takes 4,096 at once, but trees may be deeper. */
export const pathBytesMax = 65_536;

/** Largest user and group id of Linux, and largest device number part. */
export const idMax = 0xffffffff;

function refuse(what: string): never {
	throw new BackupError('archive_malformed', `index entry: ${what}`);
}

function integer(fields: Fields, name: keyof IndexEntry, max: number): number {
	const value = fields[name];
	if (
		typeof value !== 'number' ||
		!Number.isInteger(value) ||
		value < 0 ||
		value > max ||
		Object.is(value, -0)
	) {
		refuse(`${name} is no whole number up to ${max}`);
	}
	return value;
}

function nanoseconds(value: unknown, name: string): string {
	if (typeof value !== 'string' || !/^(0|-?[1-9]\d{0,29})$/.test(value)) refuse(`${name} is no time`);
	return value;
}

/** A path or link target: a string, or base64 of bytes that are not UTF-8; exactly one of them. */
function parseName(text: unknown, base64: unknown, what: string): { text: string } | { base64: string } {
	if (typeof text === 'string' && base64 === undefined) {
		if (text === '' || text.includes('\0') || !text.isWellFormed()) refuse(`its ${what} is impossible`);
		if (Buffer.byteLength(text) > pathBytesMax) refuse(`its ${what} is too long`);
		return { text };
	}
	if (text === undefined && typeof base64 === 'string') {
		const bytes = Buffer.from(base64, 'base64');
		if (bytes.toString('base64') !== base64 || isUtf8(bytes) || bytes.includes(0)) {
			refuse(`its ${what} in base64 is impossible`);
		}
		if (bytes.length > pathBytesMax) refuse(`its ${what} is too long`);
		return { base64 };
	}
	return refuse(`it needs its ${what} in one form`);
}

/** A path in one of its two forms, as the fields of an entry; `archive_malformed` when it is neither. */
export function parseEntryPath(path: unknown, pathBase64: unknown): Pick<IndexEntry, 'path' | 'pathBase64'> {
	const name = parseName(path, pathBase64, 'path');
	return 'text' in name ? { path: name.text } : { pathBase64: name.base64 };
}

function parseLink(fields: Fields, type: EntryType): Pick<IndexEntry, 'linkTarget' | 'linkTargetBase64'> {
	if (type === 'symlink' || type === 'hardlink') {
		const name = parseName(fields.linkTarget, fields.linkTargetBase64, 'link target');
		return 'text' in name ? { linkTarget: name.text } : { linkTargetBase64: name.base64 };
	}
	if (fields.linkTarget !== undefined || fields.linkTargetBase64 !== undefined) {
		refuse(`a ${type} has a link target`);
	}
	return {};
}

function parseDevice(fields: Fields, type: EntryType): Pick<IndexEntry, 'device'> {
	const { device } = fields;
	if (type !== 'character' && type !== 'block')
		return device === undefined ? {} : refuse(`a ${type} has a device`);
	if (typeof device !== 'object' || device === null || Object.keys(device).length !== 2) {
		refuse('its device is impossible');
	}
	const numbers: Partial<Record<'major' | 'minor', unknown>> = device;
	const part = (value: unknown): number =>
		typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= idMax
			? value
			: refuse('its device is impossible');
	return { device: { major: part(numbers.major), minor: part(numbers.minor) } };
}

function parseSparse(fields: Fields, type: EntryType): Pick<IndexEntry, 'sparse'> {
	if (fields.sparse === undefined) return {};
	if (fields.sparse !== true || type !== 'file') refuse('sparse is only true, and only for files');
	return { sparse: true };
}

/** Bytes of all attribute names of one entry, at most: Linux's XATTR_LIST_MAX. */
export const xattrNamesMax = 65_536;

function parseXattrs({ xattrs }: Fields): Pick<IndexEntry, 'xattrs'> {
	if (xattrs === undefined) return {};
	if (!Array.isArray(xattrs) || xattrs.length === 0) refuse('its xattrs are no list');
	const names = xattrs.map((name: unknown) =>
		typeof name === 'string' && name !== '' ? name : refuse('an xattr has no name'),
	);
	// A byte that is not UTF-8 became three.
	if (names.join('').length > 3 * xattrNamesMax) refuse('its xattrs are too long');
	return { xattrs: names };
}

function parseHash(fields: Fields, type: EntryType): Pick<IndexEntry, 'sha256' | 'sha256Stored'> {
	const { sha256, sha256Stored } = fields;
	if (type !== 'file') {
		if (sha256 !== undefined || sha256Stored !== undefined) refuse(`a ${type} has a hash`);
		return {};
	}
	const isHash = (value: unknown): value is string =>
		typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
	if (isHash(sha256) && sha256Stored === undefined) return { sha256 };
	if (sha256 === undefined && isHash(sha256Stored) && fields.sparse === true) return { sha256Stored };
	return refuse('a file needs one hash');
}
