/**
 * The table of contents at the head of a custom-format dump (`PGDMP`, versions 1.10 to 1.16: pg_dump 8.4 to 18): who
 * owns and is granted what, and where it lies, so that what a server lacks is known before anything is touched.
 * Throws `archive_malformed`; answers null for a version that it does not know.
 */
import { BackupError } from '../../protocol/errors';

export interface DumpEntry {
	/** Such as TABLE, `TABLE DATA`, ACL. */
	readonly type: string;
	readonly tag: string;
	/** Null: none. */
	readonly schema: string | null;
	/** '' : the default. */
	readonly tablespace: string;
	readonly owner: string;
	readonly definition: string;
}

export interface DumpContents {
	/** Of the pg_dump, such as `17.2 (Debian …)`. */
	readonly dumpVersion: string;
	readonly entries: readonly DumpEntry[];
}

/** More is needed: the head is not whole yet. */
export const incomplete = Symbol('incomplete');

const oldest = 10;
const newest = 16;
const mostEntries = 10_000_000;

export function parseContents(head: Buffer): DumpContents | null | typeof incomplete {
	const at = { position: 0 };
	try {
		return parse(head, at);
	} catch (error) {
		if (error instanceof RangeError) return incomplete;
		throw error;
	}
}

function malformed(what: string): BackupError {
	return new BackupError('archive_malformed', `the dump's table of contents is damaged: ${what}`, {
		hint: 'The archive was stored as pg_dump gave it: take another one.',
	});
}

function parse(head: Buffer, at: { position: number }): DumpContents | null {
	const take = (length: number): Buffer => {
		if (at.position + length > head.length) throw new RangeError('incomplete');
		return head.subarray(at.position, (at.position += length));
	};
	const byte = () => take(1).readUInt8();
	if (take(5).toString('latin1') !== 'PGDMP') throw malformed('it does not begin as one');
	const [major, minor] = [byte(), byte()];
	byte();
	if (major !== 1 || minor < oldest || minor > newest) return null;
	const [intSize, offsetSize, format] = [byte(), byte(), byte()];
	if (intSize < 1 || intSize > 6 || offsetSize < 1 || offsetSize > 8) throw malformed('sizes of numbers');
	if (format !== 1) throw malformed('it is not in the custom format');
	const integer = () => {
		const negative = byte() !== 0;
		const value = take(intSize).readUIntLE(0, intSize);
		return negative ? -value : value;
	};
	/** Null is not the empty text. */
	const text = () => {
		const length = integer();
		return length < 0 ? null : take(length).toString('utf8');
	};
	if (minor >= 15) byte();
	else integer();
	// When it was made.
	for (let part = 0; part < 7; part += 1) integer();
	const [, , dumpVersion] = [text(), text(), text()];
	const count = integer();
	if (count < 0 || count > mostEntries) throw malformed(`${count} entries`);
	const entries: DumpEntry[] = [];
	for (let index = 0; index < count; index += 1) {
		integer();
		integer();
		text();
		text();
		const [tag, type] = [text(), text()];
		if (minor >= 11) integer();
		const definition = text();
		text();
		text();
		const [schema, tablespace] = [text(), text()];
		if (minor >= 14) text();
		if (minor >= 16) integer();
		const owner = text();
		text();
		while (text() !== null);
		take(1 + offsetSize);
		entries.push({
			type: type ?? '',
			tag: tag ?? '',
			schema: schema === '' ? null : schema,
			tablespace: tablespace ?? '',
			owner: owner ?? '',
			definition: definition ?? '',
		});
	}
	return { dumpVersion: dumpVersion ?? '', entries };
}
