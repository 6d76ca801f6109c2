/**
 * Fills an empty location with a repository of many signed records, each with an archive and an index object of a
 * few bytes: what listing them costs depends on their number alone. Bundled and run by catalog.mjs.
 * Arguments: JSON of the location, number of records, number of jobs, base64 of the key.
 */
import { createHash } from 'node:crypto';
import { createDocument, deriveMasterKey, formatRecord, rawKdf, signer } from '../engine/index';
import { archiveKeyOf, documentKey, indexKeyOf, recordKeyOf } from '../engine/repository/layout';
import { packRecords } from '../engine/repository/record-packs';
import { openStorage } from '../engine/repository/open-storage';
import type { Storage } from '../engine/repository/storage';
import { systemClock } from '../protocol/clock';
import { parseLocation } from '../protocol/location';
import { archiveIdOf } from '../protocol/names';
import { systemRandom } from '../protocol/random';
import type { BackupRecord } from '../protocol/record';

const putsAtOnce = 32;

function recordOf(job: string, number: number): BackupRecord {
	const at = Date.UTC(2025, 0, 1) + number * 3_600_000;
	const id = archiveIdOf(job, undefined, at, Buffer.from([number]));
	const path = archiveKeyOf(job, id, '.tar.zst.enc');
	const sha256 = createHash('sha256').update(id).digest('hex');
	const time = new Date(at).toISOString();
	return {
		version: 1,
		id,
		runId: sha256.slice(0, 16),
		job,
		series: 'volumes',
		seq: number + 1,
		kind: 'volume',
		status: 'success',
		startedAt: time,
		finishedAt: time,
		durationMs: 1000,
		sizeBytes: 4,
		checksum: sha256,
		contentBytes: 10240,
		contentChecksum: null,
		entries: 1,
		filePath: path,
		files: [
			{ role: 'archive', path, size: 4, sha256 },
			{ role: 'index', path: indexKeyOf(job, id, true), size: 4, sha256 },
		],
		compression: { algorithm: 'zstd', level: 1 },
		encrypted: true,
		keyId: sha256.slice(0, 16),
		kdf: rawKdf,
		archiveId: sha256.slice(0, 32),
		consistency: 'live',
		downtimeMs: 0,
		host: 'bench',
		sources: [{ type: 'volume', name: 'data' }],
		tags: [],
		warnings: [],
		warningsOmitted: 0,
		anomaly: null,
		workflow: null,
		error: null,
	};
}

async function fill(storage: Storage, records: number, jobs: number, key: string): Promise<void> {
	const signedBy = signer(await deriveMasterKey({ type: 'raw', key }, rawKdf));
	const salt = systemRandom.bytes(16).toString('hex');
	const document = createDocument({
		signer: signedBy,
		logN: 17,
		salt,
		clock: systemClock,
		random: systemRandom,
	});
	await storage.put(documentKey, Buffer.from(document));
	let next = 0;
	const work = async () => {
		while (next < records) {
			const number = next++;
			const record = recordOf(`job-${number % jobs}`, number);
			for (const { path } of record.files) await storage.put(path, Buffer.from('DKBK'));
			await storage.put(recordKeyOf(record.job, record.id), Buffer.from(formatRecord(record, signedBy)));
		}
	};
	await Promise.all(Array.from({ length: putsAtOnce }, work));
	// As backups and copies do in passing.
	for (let job = 0; job < jobs; job += 1) await packRecords(storage, `job-${job}`);
}

async function main(): Promise<void> {
	const [location = '', records = '', jobs = '', key = ''] = process.argv.slice(2);
	const storage = await openStorage(parseLocation(JSON.parse(location)), {
		scratch: null,
		clock: systemClock,
		random: systemRandom,
		signal: new AbortController().signal,
	});
	await fill(storage, Number(records), Number(jobs), key);
}

void main();
