/**
 * One archive from its volumes to its sealed, unpublished objects. The bytes' way, in one loop:
 *
 *   GNU tar → scan (index entries, SHA-256 per file) → zstd frames → seal → SHA-256 → storage
 *                └→ index lines → zstd frames → seal → SHA-256 → storage
 */
import type { ArchivePlan, BackupJob, KeysFrame } from '../../protocol/job';
import type { RecordFile } from '../../protocol/record';
import { compressFrames } from '../format/frames';
import type { Header } from '../format/header';
import { createIndexWriter } from '../format/index-file';
import { commitment } from '../format/keys';
import type { IndexEntry } from '../format/index-entry';
import { archiveKeyOf, indexKeyOf, markerKeyOf, suffixOf } from '../repository/layout';
import type { Engine } from '../environment';
import { readVolumes } from '../sources/volumes';
import { progressTeller } from './progress';
import { storedBytesMax, storedIndexBytesMax } from './stored-size';
import { createStoredFile, type Seal, type StoredFile } from './stored-file';
import type { WarningList } from './warnings';

export interface SealedArchive {
	readonly files: readonly RecordFile[];
	readonly contentBytes: number;
	/** As `BackupRecord` has it. */
	readonly contentChecksum: string | null;
	/** Null for a kind without entries. */
	readonly entries: number | null;
	publish(): Promise<void>;
	abort(): Promise<void>;
}

/** Keys of the objects that this archive will be, known before a byte is written. */
export function objectKeys(job: BackupJob, plan: ArchivePlan): { archive: string; index: string } {
	const archive = archiveKeyOf(job.job, plan.id, suffixOf(plan.kind, job.compression.algorithm, job.encrypt));
	return { archive, index: indexKeyOf(job.job, plan.id, job.encrypt) };
}

/** `bytesTotal`: of the content, where it is known before (sources/pre-scan.ts). */
export async function writeArchive(
	{ conversation, storage, clock, random }: Engine,
	job: BackupJob,
	plan: ArchivePlan,
	keys: KeysFrame,
	warnings: WarningList,
	bytesTotal: number | null,
	onSourceRead: () => void,
): Promise<SealedArchive> {
	const { signal } = conversation;
	const names = objectKeys(job, plan);
	const archive = await createStoredFile(
		storage,
		names.archive,
		'archive',
		sealOf(plan, keys, plan.kind, random),
		signal,
		bytesTotal === null ? undefined : storedBytesMax(bytesTotal, job),
	);
	let index: StoredFile | undefined;
	const abort = async () => {
		await archive.abort();
		await index?.abort();
	};
	try {
		index = await createStoredFile(
			storage,
			names.index,
			'index',
			sealOf(plan, keys, 'index', random),
			signal,
			bytesTotal === null ? undefined : storedIndexBytesMax(bytesTotal),
		);
		const indexWriter = createIndexWriter(index.write.bind(index), { threads: 1 });
		const tellProgress = progressTeller(clock, (event) => conversation.say(event));
		let contentBytes = 0;
		let entries = 0;
		const waiting: IndexEntry[] = [];

		const content = async function* (): AsyncGenerator<Buffer> {
			const volumes = readVolumes(plan, {
				exclude: job.exclude,
				markerKey: markerKeyOf(job.job, plan.id),
				signal,
				onEntry: (entry) => waiting.push(entry),
				onWarning: (warning) => warnings.add(warning),
			});
			for await (const chunk of volumes) {
				contentBytes += chunk.length;
				entries += waiting.length;
				for (const entry of waiting.splice(0)) await indexWriter.add(entry);
				tellProgress(() => ({
					id: plan.id,
					bytesRead: contentBytes,
					bytesTotal,
					bytesWritten: archive.size,
					entries,
				}));
				yield chunk;
			}
			onSourceRead();
		};
		for await (const chunk of compressed(content(), job.compression, signal)) await archive.write(chunk);

		if (entries === 0) {
			warnings.add({
				code: 'nothing_read',
				message: `${plan.id} holds nothing: all is excluded`,
				path: null,
			});
		}
		await indexWriter.end();
		const files = [await archive.finish(), await index.finish()];
		const publishIndex = index.publish.bind(index);
		return {
			files,
			contentBytes,
			contentChecksum: null,
			entries,
			async publish() {
				await publishIndex();
				await archive.publish();
			},
			abort,
		};
	} catch (error) {
		await abort();
		throw error;
	}
}

function compressed(
	content: AsyncIterable<Buffer>,
	{ level }: BackupJob['compression'],
	signal: AbortSignal,
): AsyncIterable<Buffer> {
	if (level === null) return content;
	return compressFrames(content, { level, signal });
}

/** How an object of this archive is sealed; null: not at all. */
export function sealOf(
	plan: ArchivePlan,
	frame: KeysFrame,
	kind: Header['kind'],
	random: Engine['random'],
): Seal | null {
	const key = frame.keys.find((candidate) => candidate.id === plan.id);
	if (!key || !frame.kdf || frame.keyId === null) return null;
	const archiveKey = Buffer.from(key.key, 'base64');
	const header = {
		kdf: frame.kdf,
		kind,
		keyId: frame.keyId,
		archiveId: plan.archiveId,
		commitment: commitment(archiveKey),
	};
	return { header, archiveKey, random };
}
