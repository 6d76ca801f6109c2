/**
 * Joins the headers of one tar entry (extended, GNU long names, its own) to what the index says of it.
 *
 * Only what GNU tar writes for a file system tree is let in: regular files, folders, links, FIFOs and devices.
 * Whatever different readers might take differently (data behind a link, a NUL in a name, a file with a trailing
 * slash, names from two kinds of extended headers) is `archive_malformed`.
 */
import { BackupError } from '../../protocol/errors';
import { idMax, linkFields, pathBytesMax, pathFields, type EntryType, type IndexEntry } from './index-entry';
import type { PaxRecords } from './pax';
import type { TarHeader } from './tar-header';

/** What the headers before an entry's own said. */
export interface Extensions {
	pax?: PaxRecords;
	longName?: Buffer;
	longLink?: Buffer;
}

export interface TarEntry {
	readonly facts: Omit<IndexEntry, 'offset' | 'length' | 'sha256' | 'sha256Stored'>;
	/** Bytes of data that follow the header, before padding. */
	readonly storedSize: number;
}

/** Type flags; 7 is a contiguous file, which reads as a regular one. */
const types: Readonly<Record<string, EntryType>> = {
	'0': 'file',
	'7': 'file',
	'1': 'hardlink',
	'2': 'symlink',
	'3': 'character',
	'4': 'block',
	'5': 'directory',
	'6': 'fifo',
};

const slash = 0x2f;

function malformed(what: string): BackupError {
	return new BackupError('archive_malformed', `tar: ${what}`);
}

/** Keeps no reference to the header's memory. */
export function joinHeaders(header: TarHeader, { pax, longName, longLink }: Extensions): TarEntry {
	const type = types[header.type];
	if (type === undefined) throw malformed(`an entry is of type ${JSON.stringify(header.type)}`);
	if (pax !== undefined && (longName ?? longLink) !== undefined)
		throw malformed('an entry has two kinds of long names');
	const path = pathOf(pax?.sparseName ?? pax?.path ?? longName ?? header.name, type);
	const storedSize = pax?.size ?? header.size;
	const sparseSize = sparseSizeOf(pax, type);
	if (type !== 'file' && storedSize !== 0) throw malformed(`a ${type} has data`);
	const facts = {
		...pathFields(path),
		type,
		size: sparseSize ?? storedSize,
		mode: header.mode,
		uid: id(pax?.uid ?? header.uid),
		gid: id(pax?.gid ?? header.gid),
		mtimeNs: pax?.mtimeNs ?? nanoseconds(header.mtime),
		...(pax?.ctimeNs === undefined ? {} : { ctimeNs: pax.ctimeNs }),
		...(type === 'symlink' || type === 'hardlink'
			? linkFields(target(pax?.linkPath ?? longLink ?? header.linkName, type))
			: {}),
		...(type === 'character' || type === 'block'
			? { device: { major: id(header.major), minor: id(header.minor) } }
			: {}),
		...(sparseSize === undefined ? {} : { sparse: true as const }),
		...(pax === undefined || pax.xattrs.size === 0 ? {} : { xattrs: [...pax.xattrs] }),
	};
	return { facts, storedSize };
}

function pathOf(bytes: Buffer, type: EntryType): Buffer {
	let end = bytes.length;
	while (end > 1 && bytes[end - 1] === slash) end--;
	if (end < bytes.length && type !== 'directory') throw malformed(`the path of a ${type} ends with a slash`);
	return checked(bytes.subarray(0, end), 'path');
}

function target(bytes: Buffer, type: EntryType): Buffer {
	return checked(bytes, `target of a ${type}`);
}

function checked(bytes: Buffer, what: string): Buffer {
	if (bytes.length === 0) throw malformed(`the ${what} is empty`);
	if (bytes.length > pathBytesMax) throw malformed(`the ${what} has ${bytes.length} bytes`);
	if (bytes.includes(0)) throw malformed(`the ${what} holds a NUL`);
	return bytes;
}

function id(value: number): number {
	if (value > idMax) throw malformed(`there is no id ${value}`);
	return value;
}

function nanoseconds(seconds: number): string {
	return seconds === 0 ? '0' : `${seconds}000000000`;
}

/** The real size of a sparse file; undefined when the entry is none. */
function sparseSizeOf(pax: PaxRecords | undefined, type: EntryType): number | undefined {
	if (pax === undefined) return undefined;
	const { sparseMajor, sparseMinor, sparseName, sparseSize } = pax;
	if ((sparseMajor ?? sparseMinor ?? sparseName ?? sparseSize) === undefined) return undefined;
	if (type !== 'file' || sparseMajor !== 1 || sparseMinor !== 0) throw malformed('a sparse form is not 1.0');
	if (sparseName === undefined || sparseSize === undefined)
		throw malformed('a sparse file lacks its name or size');
	return sparseSize;
}
