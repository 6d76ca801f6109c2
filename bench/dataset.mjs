// The benchmark's data: 60,000 files in 1,200 directories, 3.3 GB, half of the bytes compressible.
// Deterministic: bytes come from AES-CTR over a fixed key, text from a fixed word list.
// Usage: node dataset.mjs DIRECTORY (left alone when complete). Prints its figures as JSON.
import { createCipheriv } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const files = 60_000;
const filesPerDirectory = 50;
const totalBytes = 3_300_000_000;
const stamp = '.complete';

const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, 7), Buffer.alloc(16));
const random = (length) => cipher.update(Buffer.alloc(length));
const words = Array.from({ length: 2048 }, () =>
	random(6)
		.toString('hex')
		.slice(0, 3 + (random(1)[0] % 9)),
);

/** Text that compresses to roughly a third. */
function text(length) {
	const parts = [];
	let size = 0;
	const picks = random(Math.ceil(length / 3) * 2 + 2);
	for (let i = 0; size < length; i += 2) {
		const word = words[picks.readUInt16LE(i) % words.length];
		parts.push(word);
		size += word.length + 1;
	}
	return Buffer.from(parts.join(' ')).subarray(0, length);
}

/** Many small files and a few large ones, as real volumes have. */
function sizeOf(index) {
	if (index % 500 === 0) return 16 << 20;
	if (index % 20 === 0) return 256 << 10;
	return 2048 + (index % 37) * 512;
}

/** Half of the files of every size. */
const isText = (index) => Math.floor(index / 20) % 2 === 1;

const directory = process.argv[2];
if (!directory) throw new Error('usage: node dataset.mjs DIRECTORY');
const planned = Array.from({ length: files }, (_, index) => sizeOf(index));
const scale = totalBytes / planned.reduce((sum, size) => sum + size, 0);
let bytes = 0;
const complete = existsSync(join(directory, stamp));
for (const [index, size] of planned.entries()) {
	const length = Math.round(size * scale);
	bytes += length;
	if (complete) continue;
	const group = Math.floor(index / filesPerDirectory);
	const folder = join(
		directory,
		`d${String(Math.floor(group / 40)).padStart(3, '0')}`,
		`g${String(group).padStart(4, '0')}`,
	);
	if (index % filesPerDirectory === 0) mkdirSync(folder, { recursive: true });
	writeFileSync(
		join(folder, `f${String(index).padStart(5, '0')}.${isText(index) ? 'txt' : 'bin'}`),
		isText(index) ? text(length) : random(length),
	);
}
if (!complete) writeFileSync(join(directory, stamp), '');
console.log(JSON.stringify({ files, bytes }));
