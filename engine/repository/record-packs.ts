/**
 * Packs: copies of many records' texts in one object, so that listing a repository of many thousand backups takes
 * a few reads instead of one for each. A pack is a convenience, never evidence: which records there are is said by
 * the listing alone, what a text is worth by its signature, and whoever asks for one id, or for what is wrong
 * (doctor), reads the record itself. All packs may be deleted at any time; they come again.
 *
 *   packs/<job>/<id of its newest record>.json.zst    JSON lines {"id", "text"}, one zstd frame or more
 */
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { BackupError } from '../../protocol/errors';
import { Reader } from '../../protocol/parse';
import { mapInOrder } from '../format/in-order';
import { listGroups } from './catalog';
import { compareNewestFirst, packKeyOf, packPrefixOf } from './layout';
import { failureOf } from './outcomes';
import { readRecordText } from './records';
import type { Storage } from './storage';

/** Fewer unpacked records than this are not worth a pack. */
export const leastPerPack = 256;
export const mostPerPack = 1000;
const mostPackBytes = 16 << 20;
const mostTextBytes = 64 << 20;
const readsAtOnce = 32;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const reader = new Reader('record_malformed', 'pack');

/** The packed texts of a job's records, by id; those of a pack that can't be read are left out. */
export async function readPacks(
	storage: Storage,
	job: string,
	signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
	const texts = new Map<string, string>();
	const keys = (async function* () {
		for await (const { key } of storage.list(packPrefixOf(job), signal)) yield key;
	})();
	const read = (key: string) => readPack(storage, key, signal);
	for await (const lines of mapInOrder(keys, read, { concurrency: 4, signal })) {
		for (const { id, text } of lines) texts.set(id, text);
	}
	return texts;
}

/**
 * Packs what no pack holds yet, when it is worth it. Under the job's lease, or another's pack of the same records
 * would lie beside this one. Resolves to how many records were packed.
 */
export async function packRecords(storage: Storage, job: string, signal?: AbortSignal): Promise<number> {
	const packed = await readPacks(storage, job, signal);
	const ids: string[] = [];
	for await (const { id, record } of listGroups(storage, job, signal))
		if (record && !packed.has(id)) ids.push(id);
	if (ids.length < leastPerPack) return 0;
	ids.sort((a, b) => compareNewestFirst(b, a));
	for (let start = 0; start < ids.length; start += mostPerPack) {
		await writePack(storage, job, ids.slice(start, start + mostPerPack), signal);
	}
	return ids.length;
}

/** One run of a job in so many looks whether there is something to pack: looking lists the whole job. */
const runsPerLook = 64;

/** What a run does for later listings, in passing. Never fails: without a pack, listings are slower and no more. */
export async function packInPassing(
	storage: Storage,
	job: string,
	generation: number,
	signal?: AbortSignal,
): Promise<void> {
	if (generation % runsPerLook === 0) await failureOf(packRecords(storage, job, signal));
}

async function writePack(
	storage: Storage,
	job: string,
	ids: readonly string[],
	signal: AbortSignal | undefined,
): Promise<void> {
	const source = (async function* () {
		yield* ids;
	})();
	const read = async (id: string) => ({ id, text: await readRecordText(storage, job, id, signal) });
	const lines: string[] = [];
	for await (const line of mapInOrder(source, read, { concurrency: readsAtOnce, signal })) {
		// One that can't be read now may be read another time.
		if (line.text) lines.push(`${JSON.stringify(line)}\n`);
	}
	const newest = ids.at(-1);
	const body = await compress(Buffer.from(lines.join('')), {
		params: { [constants.ZSTD_c_compressionLevel]: 6, [constants.ZSTD_c_checksumFlag]: 1 },
	});
	// One that is too large, or there already, only leaves these records unpacked.
	if (newest !== undefined && body.length <= mostPackBytes)
		await storage.put(packKeyOf(job, newest), body, signal);
}

async function readPack(
	storage: Storage,
	key: string,
	signal: AbortSignal | undefined,
): Promise<{ id: string; text: string }[]> {
	try {
		const body = await storage.read(key, mostPackBytes, signal);
		const lines = (await decompress(body, { maxOutputLength: mostTextBytes })).toString().split('\n');
		return lines.slice(0, -1).map((line) => {
			const f = reader.fields(reader.json(line));
			return { id: reader.string(f, 'id'), text: reader.string(f, 'text') };
		});
	} catch (error) {
		signal?.throwIfAborted();
		const isDamaged = error instanceof BackupError ? unreadable.has(error.code) : isZstdError(error);
		if (isDamaged) return [];
		throw error;
	}
}

const unreadable: ReadonlySet<string> = new Set(['record_malformed', 'storage_failed', 'object_not_found']);

function isZstdError(error: unknown): boolean {
	const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
	return code.startsWith('ZSTD_') || code === 'ERR_BUFFER_TOO_LARGE' || code.startsWith('Z_');
}
