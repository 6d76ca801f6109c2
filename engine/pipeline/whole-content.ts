/**
 * One archive without entries, from its content to its sealed, unpublished objects; what the content itself does not
 * say is its description, which becomes the archive's index. The bytes' way, in one loop:
 *
 *   content → checksum → zstd frames → seal → SHA-256 → storage
 *   description        → zstd frames → seal → SHA-256 → storage
 *
 * Throws what the content throws, and `archive_malformed` for a description that is none.
 */
import { parseDescription } from '../../protocol/description';
import { joinErrors } from '../../protocol/errors';
import type { ArchivePlan, BackupJob, KeysFrame } from '../../protocol/job';
import type { Engine } from '../environment';
import { createContentChecksum } from '../format/content-checksum';
import { compressFrames } from '../format/frames';
import { failureOf } from '../repository/outcomes';
import { objectKeys, sealOf, type SealedArchive } from './archive';
import { progressTeller } from './progress';
import { storedBytesMax } from './stored-size';
import { createStoredFile, type StoredFile } from './stored-file';

export interface WholeContent {
	/** Its chunks are never overwritten by their source. */
	readonly content: AsyncIterable<Buffer>;
	/** After the content's end: its text. */
	describe(): Promise<string> | string;
	/** About how much will come; null: unknown. */
	readonly expectedBytes: number | null;
	onSourceRead(): void;
}

/** Descriptions are compressed harder than content by default: they are small. */
const descriptionLevel = 3;
/** Content that is not compressed goes to the storage in pieces of so many bytes. */
const pieceBytes = 1 << 20;

export async function writeWholeContent(
	{ conversation, storage, clock, random }: Engine,
	job: BackupJob,
	plan: ArchivePlan,
	keys: KeysFrame,
	{ content: source, describe, expectedBytes, onSourceRead }: WholeContent,
): Promise<SealedArchive> {
	const { signal } = conversation;
	const names = objectKeys(job, plan);
	const seal = sealOf(plan, keys, plan.kind, random);
	const archive = await createStoredFile(
		storage,
		names.archive,
		'archive',
		seal,
		signal,
		expectedBytes === null ? undefined : storedBytesMax(expectedBytes, job),
	);
	let index: StoredFile | undefined;
	const abort = async () => {
		await archive.abort();
		await index?.abort();
	};
	try {
		const checksum = createContentChecksum(seal && seal.archiveKey);
		const tellProgress = progressTeller(clock, (event) => conversation.say(event));
		let contentBytes = 0;
		const content = async function* (): AsyncGenerator<Buffer> {
			for await (const chunk of source) {
				checksum.update(chunk);
				contentBytes += chunk.length;
				tellProgress(() => ({
					id: plan.id,
					bytesRead: contentBytes,
					bytesTotal: expectedBytes,
					bytesWritten: archive.size,
					entries: 0,
				}));
				yield chunk;
			}
			onSourceRead();
		};
		const { level } = job.compression;
		const packed = level === null ? inPieces(content()) : compressFrames(content(), { level, signal });
		for await (const chunk of packed) await archive.write(chunk);

		const description = await describe();
		parseDescription(description);
		index = await createStoredFile(
			storage,
			names.index,
			'index',
			sealOf(plan, keys, 'index', random),
			signal,
		);
		const frames = compressFrames(only(Buffer.from(description)), { level: descriptionLevel, signal });
		for await (const chunk of frames) await index.write(chunk);
		const files = [await archive.finish(), await index.finish()];
		const publishIndex = index.publish.bind(index);
		return {
			files,
			contentBytes,
			contentChecksum: checksum.digest('hex'),
			entries: null,
			async publish() {
				await publishIndex();
				await archive.publish();
			},
			abort,
		};
	} catch (error) {
		throw joinErrors(error, await failureOf(abort()));
	}
}

/** Pieces with memory of their own: the storage takes them over. */
async function* inPieces(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
	let piece: Buffer | undefined;
	let filled = 0;
	for await (const chunk of content) {
		for (let position = 0; position < chunk.length; ) {
			piece ??= Buffer.allocUnsafeSlow(pieceBytes);
			const copied = chunk.copy(piece, filled, position);
			filled += copied;
			position += copied;
			if (filled < pieceBytes) continue;
			yield piece;
			piece = undefined;
			filled = 0;
		}
	}
	if (piece) yield piece.subarray(0, filled);
}

async function* only(bytes: Buffer): AsyncGenerator<Buffer> {
	yield bytes;
}
