/**
 * One 512-byte header block of a tar, POSIX ustar or GNU. Anything else, and a wrong checksum, is
 * `archive_malformed`.
 */
import { BackupError } from '../../protocol/errors';
import { parseField } from './tar-numbers';

export const tarBlockSize = 512;

export interface TarHeader {
	/** The type flag; NUL of old tars reads as `0`. */
	readonly type: string;
	/** Raw bytes, the ustar prefix joined on. */
	readonly name: Buffer;
	readonly linkName: Buffer;
	readonly size: number;
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
	/** Seconds. */
	readonly mtime: number;
	/** 0 unless the type is a device. */
	readonly major: number;
	readonly minor: number;
}

/** Start and length of each field. */
const fields = {
	name: [0, 100],
	mode: [100, 8],
	uid: [108, 8],
	gid: [116, 8],
	size: [124, 12],
	mtime: [136, 12],
	checksum: [148, 8],
	type: [156, 1],
	linkName: [157, 100],
	magic: [257, 8],
	major: [329, 8],
	minor: [337, 8],
	prefix: [345, 155],
} as const;

const posixMagic = 'ustar\x0000';
const gnuMagic = 'ustar  \0';
const slash = Buffer.from('/');

/** Bytes of a block from zero, as the sum of all bytes with the checksum field read as spaces. */
function checksumOf(block: Buffer): number {
	const [start, length] = fields.checksum;
	let sum = length * 0x20;
	for (let index = 0; index < start; index++) sum += block[index] ?? 0;
	for (let index = start + length; index < tarBlockSize; index++) sum += block[index] ?? 0;
	return sum;
}

/** A field up to its first NUL; shares the block's memory. */
function text(block: Buffer, [start, length]: readonly [number, number]): Buffer {
	let end = start;
	while (end < start + length && block[end] !== 0) end++;
	return block.subarray(start, end);
}

/** Parses exactly 512 bytes; the result shares their memory. */
export function parseTarHeader(block: Buffer): TarHeader {
	const number = (name: keyof typeof fields) => parseField(block, fields[name][0], fields[name][1], name);
	if (number('checksum') !== checksumOf(block)) throw malformed('a header has a wrong checksum');
	const magic = block.toString('latin1', fields.magic[0], fields.magic[0] + fields.magic[1]);
	if (magic !== posixMagic && magic !== gnuMagic) throw malformed('a header is neither POSIX nor GNU');
	const flag = block[fields.type[0]] ?? 0;
	const type = flag === 0 ? '0' : String.fromCharCode(flag);
	const isDevice = type === '3' || type === '4';
	const name = text(block, fields.name);
	const prefix = magic === posixMagic ? text(block, fields.prefix) : Buffer.alloc(0);
	return {
		type,
		name: prefix.length === 0 ? name : Buffer.concat([prefix, slash, name]),
		linkName: text(block, fields.linkName),
		size: natural(number('size'), 'size'),
		mode: number('mode') & 0o7777,
		uid: natural(number('uid'), 'uid'),
		gid: natural(number('gid'), 'gid'),
		mtime: number('mtime'),
		major: isDevice ? natural(number('major'), 'major') : 0,
		minor: isDevice ? natural(number('minor'), 'minor') : 0,
	};
}

function natural(value: number, name: string): number {
	if (value < 0) throw malformed(`a header has a negative ${name}`);
	return value;
}

function malformed(what: string): BackupError {
	return new BackupError('archive_malformed', `tar: ${what}`);
}
