/** Hand-made tar blocks, right and wrong ones, for what GNU tar would never write. */
export interface HeaderFields {
	readonly name?: string | Buffer;
	readonly type?: string;
	readonly size?: number | string | Buffer;
	readonly mode?: string;
	readonly uid?: string | Buffer;
	readonly mtime?: string | Buffer;
	readonly linkName?: string;
	readonly magic?: string;
	readonly major?: string;
	readonly minor?: string;
	readonly prefix?: string;
	/** Added to the right checksum. */
	readonly checksumError?: number;
}

const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');

function put(block: Buffer, value: string | Buffer, at: number): void {
	(typeof value === 'string' ? Buffer.from(value, 'latin1') : value).copy(block, at);
}

export function header(fields: HeaderFields = {}): Buffer {
	const block = Buffer.alloc(512);
	const size = fields.size ?? 0;
	put(block, fields.name ?? 'name', 0);
	put(block, fields.mode ?? '0000644', 100);
	put(block, fields.uid ?? '0000000', 108);
	put(block, '0000000', 116);
	put(block, typeof size === 'number' ? octal(size, 11) : size, 124);
	put(block, fields.mtime ?? '00000000000', 136);
	put(block, fields.type ?? '0', 156);
	put(block, fields.linkName ?? '', 157);
	put(block, fields.magic ?? 'ustar\x0000', 257);
	put(block, fields.major ?? '', 329);
	put(block, fields.minor ?? '', 337);
	put(block, fields.prefix ?? '', 345);
	put(block, '        ', 148);
	const sum = block.reduce((total, byte) => total + byte, 0) + (fields.checksumError ?? 0);
	put(block, `${octal(sum, 6)}\0 `, 148);
	return block;
}

/** Bytes with their padding. */
export function padded(data: Buffer | string): Buffer {
	const bytes = Buffer.from(data as string, 'latin1');
	return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** One pax record with the right length. */
export function record(key: string, value: string | Buffer): Buffer {
	const rest = Buffer.concat([
		Buffer.from(` ${key}=`, 'latin1'),
		Buffer.from(value as string, 'latin1'),
		Buffer.from('\n'),
	]);
	let length = rest.length + 1;
	while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length;
	return Buffer.concat([Buffer.from(`${length}`), rest]);
}

/** An extended header of these records, or of these bytes. */
export function pax(records: Record<string, string | Buffer> | Buffer): Buffer {
	const bytes = Buffer.isBuffer(records)
		? records
		: Buffer.concat(Object.entries(records).map(([key, value]) => record(key, value)));
	return Buffer.concat([header({ name: 'PaxHeaders/x', type: 'x', size: bytes.length }), padded(bytes)]);
}

export const end = Buffer.alloc(1024);

export function tar(...parts: readonly Buffer[]): Buffer {
	return Buffer.concat([...parts, end]);
}

/** A file of the sparse format 1.0 with this map (its lines joined) and this data. */
export function sparse(
	realSize: number,
	map: string,
	data: Buffer | string,
	extra: Record<string, string> = {},
): Buffer {
	const stored = Buffer.concat([padded(map), Buffer.from(data as string, 'latin1')]);
	const records = {
		'GNU.sparse.major': '1',
		'GNU.sparse.minor': '0',
		'GNU.sparse.name': 'real name',
		'GNU.sparse.realsize': `${realSize}`,
		...extra,
	};
	return Buffer.concat([
		pax(records),
		header({ name: 'GNUSparseFile.0/x', size: stored.length }),
		padded(stored),
	]);
}
