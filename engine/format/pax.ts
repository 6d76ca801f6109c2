/**
 * The extended header of one tar entry (POSIX pax, with GNU tar's sparse and star's attribute records).
 *
 * Values are raw bytes: names and attributes need not be UTF-8. Unknown records are passed over, as GNU tar does;
 * malformed ones, and sparse forms other than 1.0, are `archive_malformed`.
 */
import { BackupError } from '../../protocol/errors';
import { xattrNamesMax } from './index-entry';
import { parseDecimal, parseTime } from './tar-numbers';

export interface PaxRecords {
	path?: Buffer;
	linkPath?: Buffer;
	size?: number;
	uid?: number;
	gid?: number;
	mtimeNs?: string;
	ctimeNs?: string;
	sparseMajor?: number;
	sparseMinor?: number;
	/** Real name and size of a sparse file. */
	sparseName?: Buffer;
	sparseSize?: number;
	/** Names of extended attributes in order, ACLs under the kernel's names; no duplicates. */
	readonly xattrs: Set<string>;
}

/** A length of more digits can't be of a header that was let in. */
const lengthDigitsMax = 9;
const lineFeed = 0x0a;
const space = 0x20;
const equalsSign = 0x3d;
const zero = 0x30;

const xattrPrefix = 'SCHILY.xattr.';
const attributeNames: Readonly<Record<string, string>> = {
	'SCHILY.acl.access': 'system.posix_acl_access',
	'SCHILY.acl.default': 'system.posix_acl_default',
	'RHT.security.selinux': 'security.selinux',
};

const malformed = (what: string) => new BackupError('archive_malformed', `tar: extended header: ${what}`);

/** Parses the records in `bytes`, which must be nothing but records; keeps no reference to it. */
export function parsePax(bytes: Buffer): PaxRecords {
	const records: PaxRecords = { xattrs: new Set() };
	let xattrBytes = 0;
	for (let position = 0; position < bytes.length; ) {
		const { length, digits } = recordLength(bytes, position);
		const end = position + length;
		const keyStart = position + digits + 1;
		const separator = bytes.indexOf(equalsSign, keyStart);
		if (separator < 0 || separator >= end - 1) throw malformed('a record has no value');
		if (separator === keyStart) throw malformed('a record has no name');
		if (bytes[end - 1] !== lineFeed) throw malformed('a record does not end where it says');
		const key = bytes.toString('latin1', keyStart, separator);
		if (key.startsWith(xattrPrefix) || Object.hasOwn(attributeNames, key)) {
			xattrBytes += separator - keyStart;
			if (xattrBytes > 2 * xattrNamesMax) throw malformed('too many extended attributes');
			addXattr(
				records,
				attributeNames[key] ?? xattrName(bytes.subarray(keyStart + xattrPrefix.length, separator)),
			);
		} else {
			apply(records, key, bytes.subarray(separator + 1, end - 1));
		}
		position = end;
	}
	return records;
}

function recordLength(bytes: Buffer, start: number): { length: number; digits: number } {
	let length = 0;
	for (let digits = 0; digits <= lengthDigitsMax; digits++) {
		const byte = bytes[start + digits] ?? 0;
		if (byte === space && digits > 0) {
			// Shortest record: the length, a space, a name of one byte, =, a line feed.
			if (length < digits + 4 || start + length > bytes.length) break;
			return { length, digits };
		}
		if (byte < zero || byte > zero + 9) break;
		length = length * 10 + (byte - zero);
	}
	throw malformed('the length of a record is wrong');
}

/** GNU tar writes `=` in an attribute's name as %3D and `%` as %25. */
function xattrName(bytes: Buffer): string {
	return bytes.toString('utf8').replace(/%(3D|25)/g, (_, code) => (code === '25' ? '%' : '='));
}

function addXattr(records: PaxRecords, name: string): void {
	if (name === '') throw malformed('an extended attribute has no name');
	records.xattrs.add(name);
}

function apply(records: PaxRecords, key: string, value: Buffer): void {
	const text = () => value.toString('latin1');
	switch (key) {
		case 'path':
			records.path = Buffer.from(value);
			return;
		case 'linkpath':
			records.linkPath = Buffer.from(value);
			return;
		case 'size':
			records.size = parseDecimal(text(), key);
			return;
		case 'uid':
			records.uid = parseDecimal(text(), key);
			return;
		case 'gid':
			records.gid = parseDecimal(text(), key);
			return;
		case 'mtime':
			records.mtimeNs = parseTime(text(), key);
			return;
		case 'ctime':
			records.ctimeNs = parseTime(text(), key);
			return;
		case 'GNU.sparse.major':
			records.sparseMajor = parseDecimal(text(), key);
			return;
		case 'GNU.sparse.minor':
			records.sparseMinor = parseDecimal(text(), key);
			return;
		case 'GNU.sparse.name':
			records.sparseName = Buffer.from(value);
			return;
		case 'GNU.sparse.realsize':
			records.sparseSize = parseDecimal(text(), key);
			return;
		default:
			if (key.startsWith('GNU.sparse.')) throw malformed(`sparse form with ${key}, not 1.0`);
	}
}
