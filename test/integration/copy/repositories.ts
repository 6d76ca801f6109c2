/**
 * Repositories in directories for tests of copying: real documents, records, indexes and names, archives of
 * random bytes. Copying never looks into an archive; that a real one survives it is a test of its own.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDocument, deriveMasterKey, formatRecord, keyId, rawKdf, signer } from '../../../engine/index';
import { archiveKeyOf, indexKeyOf, recordKeyOf } from '../../../engine/repository/layout';
import { createLocalStorage } from '../../../engine/repository/local-storage';
import type { BackupRecord, RecordFile } from '../../../protocol/record';
import { systemClock } from '../../../protocol/clock';
import { systemRandom } from '../../../protocol/random';
import { sampleRecord } from '../../fakes/record';

export interface SourceRepository {
	readonly path: string;
	/** Adds an archive; `number` counts a job's runs from 1. */
	add(job: string, number: number, size: number): Promise<BackupRecord>;
}

export async function newRepository(path: string, keyFile: string): Promise<SourceRepository> {
	const key = { type: 'raw', key: readFileSync(keyFile, 'utf8').trim() } as const;
	const master = await deriveMasterKey(key, rawKdf);
	const storage = createLocalStorage(path);
	const document = createDocument({
		signer: signer(master),
		logN: 15,
		clock: systemClock,
		random: systemRandom,
	});
	await storage.put('repository.json', Buffer.from(document));
	return {
		path,
		async add(job, number, size) {
			const stamp = `202601${String(number).padStart(2, '0')}T030000Z`;
			const id = `${job}-${stamp}-${randomBytes(2).toString('hex')}`;
			const put = async (role: RecordFile['role'], key: string, length: number): Promise<RecordFile> => {
				const hash = createHash('sha256');
				const writer = await storage.create(key);
				for (let left = length; left > 0; left -= 1 << 20) {
					const chunk = randomBytes(Math.min(left, 1 << 20));
					hash.update(chunk);
					await writer.write(chunk);
				}
				await writer.seal();
				await writer.publish();
				return { role, path: key, size: length, sha256: hash.digest('hex') };
			};
			const archive = await put('archive', archiveKeyOf(job, id, '.tar.zst.enc'), size);
			const index = await put('index', indexKeyOf(job, id, true), 4000);
			const record = sampleRecord({
				id,
				job,
				seq: number,
				archiveId: randomBytes(16).toString('hex'),
				files: [archive, index],
				filePath: archive.path,
				sizeBytes: size,
				checksum: archive.sha256,
				encrypted: true,
				keyId: keyId(master),
				kdf: rawKdf,
			});
			await storage.put(recordKeyOf(job, id), Buffer.from(formatRecord(record, signer(master))));
			return record;
		},
	};
}

/** Every file below `jobs/` of a repository in a directory, with its SHA-256; hidden ones too. */
export function contentOf(path: string): Record<string, string> {
	const content: Record<string, string> = {};
	const entries = readdirSync(join(path, 'jobs'), { recursive: true, withFileTypes: true });
	for (const entry of entries.filter((each) => each.isFile())) {
		const file = join(entry.parentPath, entry.name);
		content[file.slice(path.length + 1)] = createHash('sha256').update(readFileSync(file)).digest('hex');
	}
	return content;
}

export interface CopyDocument {
	readonly targets: readonly {
		readonly name: string;
		readonly selected: number;
		readonly present: number;
		readonly repositoryCreated: boolean;
		readonly hints: readonly string[];
		readonly error: { readonly code: string; readonly message: string } | null;
		readonly results: readonly {
			readonly id: string;
			readonly job: string;
			readonly outcome: string;
			readonly bytes: number;
			readonly error: { readonly code: string } | null;
		}[];
	}[];
}
