/** Numbers as tar writes them. Everything that is not one is `archive_malformed`. */
import { BackupError } from '../../protocol/errors';

const space = 0x20;
const zero = 0x30;
const seven = 0x37;

function malformed(what: string, shown: string): BackupError {
	return new BackupError(
		'archive_malformed',
		`tar: ${what} is no number (${JSON.stringify(shown.slice(0, 40))})`,
	);
}

/**
 * A header field: octal digits between spaces and NULs, or GNU's base-256 (first byte 0x80, 0xff when negative).
 * The result is a safe integer; negative only when base-256.
 */
export function parseField(block: Buffer, start: number, length: number, name: string): number {
	const first = block[start] ?? 0;
	if (first === 0x80 || first === 0xff) return parseBase256(block, start, length, name);
	const end = start + length;
	let position = start;
	while (position < end && block[position] === space) position++;
	let value = 0;
	const digits = position;
	for (; position < end; position++) {
		const byte = block[position] ?? 0;
		if (byte < zero || byte > seven) break;
		value = value * 8 + (byte - zero);
	}
	const rest = block[position] ?? 0;
	if (position === digits || (position < end && rest !== space && rest !== 0)) {
		throw malformed(name, block.toString('latin1', start, end));
	}
	return value;
}

function parseBase256(block: Buffer, start: number, length: number, name: string): number {
	let value = block[start] === 0xff ? -1 : 0;
	for (let position = start + 1; position < start + length; position++) {
		value = value * 256 + (block[position] ?? 0);
		if (!Number.isSafeInteger(value)) throw malformed(name, block.toString('hex', start, start + length));
	}
	return value;
}

/** Decimal digits, a safe integer from 0. */
export function parseDecimal(text: string, name: string): number {
	const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
	if (!Number.isSafeInteger(value)) throw malformed(name, text);
	return value;
}

/** A pax time, `[-]seconds[.fraction]` with at most nine places, as decimal nanoseconds. */
export function parseTime(text: string, name: string): string {
	const [, sign, seconds, fraction] = /^(-?)(\d{1,18})(?:\.(\d{0,9}))?$/.exec(text) ?? [];
	if (seconds === undefined) throw malformed(name, text);
	const digits = (seconds + (fraction ?? '').padEnd(9, '0')).replace(/^0+/, '');
	return digits === '' ? '0' : `${sign ?? ''}${digits}`;
}
