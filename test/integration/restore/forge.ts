/**
 * Archives that this program would never write, whole and sealed with a valid key in a real repository, and restores
 * of them by the real engine: so that only the checks of an extraction stand between them and the target.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commitment, rawKdf } from '../../../engine/format/keys';
import { compressFrames } from '../../../engine/format/frames';
import { createIndexWriter } from '../../../engine/format/index-file';
import { entryPath, type IndexEntry } from '../../../engine/format/index-entry';
import { comparePaths } from '../../../engine/format/path-order';
import { createTarScanner } from '../../../engine/format/tar-scanner';
import { createStoredFile, type Seal } from '../../../engine/pipeline/stored-file';
import { createDocument } from '../../../engine/repository/document';
import { openStorage } from '../../../engine/repository/open-storage';
import { extractInto, type RestoreReport } from '../../../operations/restore-way';
import { runJob } from '../../../operations/run-job';
import type { OperationContext, RepositorySettings } from '../../../operations/settings';
import { systemClock } from '../../../protocol/clock';
import type { RestoreJob } from '../../../protocol/job';
import { systemRandom } from '../../../protocol/random';
import type { BackupRecord } from '../../../protocol/record';
import { sampleRecord } from '../../fakes/record';

export const signal = new AbortController().signal;

export const context: OperationContext = {
	clock: systemClock,
	random: systemRandom,
	signal,
	workflow: null,
	onEvent: () => undefined,
};

export interface Forged {
	readonly repository: RepositorySettings;
	readonly directory: string;
	readonly record: BackupRecord;
	/** base64; null: not encrypted. */
	readonly key: string | null;
}

export interface ForgeOptions {
	readonly volumes?: readonly string[];
	readonly encrypted?: boolean;
	readonly compressed?: boolean;
	/** What the index says instead of what the tar holds. */
	readonly entries?: readonly IndexEntry[];
}

/** A repository in `directory` with one archive of exactly these bytes. */
export async function forge(directory: string, tar: Buffer, options: ForgeOptions = {}): Promise<Forged> {
	const { volumes = ['v'], encrypted = true, compressed = true } = options;
	writeFileSync(
		join(directory, 'repository.json'),
		createDocument({ signer: null, logN: 15, clock: systemClock, random: systemRandom }),
	);
	mkdirSync(join(directory, 'jobs/nightly'), { recursive: true });
	const storage = await openStorage(
		{ type: 'directory', path: directory },
		{ scratch: null, clock: systemClock, random: systemRandom, signal },
	);
	const archiveKey = systemRandom.bytes(32);
	const { id, archiveId } = sampleRecord();
	const sealFor = (kind: 'volume' | 'index'): Seal | null =>
		encrypted
			? {
					header: { kdf: rawKdf, kind, keyId: '00'.repeat(8), archiveId, commitment: commitment(archiveKey) },
					archiveKey,
					random: systemRandom,
				}
			: null;
	const archive = await createStoredFile(
		storage,
		`jobs/nightly/${id}.tar${compressed ? '.zst' : ''}${encrypted ? '.enc' : ''}`,
		'archive',
		sealFor('volume'),
		signal,
	);
	const source = (async function* () {
		yield Buffer.from(tar);
	})();
	for await (const bytes of compressed ? compressFrames(source) : source) await archive.write(bytes);
	const index = await createStoredFile(
		storage,
		`jobs/nightly/${id}.index.zst${encrypted ? '.enc' : ''}`,
		'index',
		sealFor('index'),
		signal,
	);
	const found = options.entries ?? entriesOf(tar);
	const writer = createIndexWriter(index.write.bind(index));
	let last: Buffer | undefined;
	for (const entry of found.toSorted((a, b) => comparePaths(entryPath(a), entryPath(b)))) {
		if (last && comparePaths(last, entryPath(entry)) >= 0) continue;
		last = entryPath(entry);
		await writer.add(entry);
	}
	await writer.end();
	const files = [await archive.finish(), await index.finish()];
	await index.publish();
	await archive.publish();
	const record = sampleRecord({
		encrypted,
		keyId: encrypted ? '00'.repeat(8) : null,
		kdf: encrypted ? rawKdf : null,
		compression: compressed ? { algorithm: 'zstd', level: 1 } : { algorithm: 'none', level: null },
		sources: volumes.map((name) => ({ type: 'volume', name })),
		files,
		filePath: files[0]!.path,
		checksum: files[0]!.sha256,
		sizeBytes: files[0]!.size,
		contentBytes: tar.length,
		entries: entriesOf(tar).length,
	});
	return {
		directory,
		record,
		key: encrypted ? archiveKey.toString('base64') : null,
		repository: {
			location: { type: 'directory', path: directory },
			secret: null,
			previousSecrets: [],
			mayCreate: false,
			id: null,
		},
	};
}

/** What a lenient reader finds, up to what no reader could. */
export function entriesOf(tar: Buffer): IndexEntry[] {
	const entries: IndexEntry[] = [];
	const scanner = createTarScanner({ baseOffset: 0, onEntry: (entry) => entries.push(entry) });
	try {
		scanner.push(tar);
	} catch {
		// What comes after is for the engine to judge.
	}
	return entries;
}

type Wanted = Pick<RestoreJob, 'mode' | 'targets'> &
	Partial<Pick<RestoreJob, 'paths' | 'into' | 'over' | 'salvage' | 'dryRun'>>;

/** The engine's whole restore, in a thread of its own as the CLI runs it. */
export async function restore({ repository, record, key }: Forged, wanted: Wanted): Promise<RestoreReport> {
	const job = {
		paths: [],
		into: '',
		salvage: false,
		dryRun: false,
		over: 'empty',
		...wanted,
		verb: 'restore',
	} as const;
	const work = { job, role: 'extract', labelledJob: null } as const;
	return await runJob(context, { type: 'process' }, repository, work, (session) =>
		extractInto(session, { record, key }, job.over === 'empty' ? undefined : async () => undefined),
	);
}
