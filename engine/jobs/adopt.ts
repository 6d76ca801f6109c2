/**
 * Adopt: under the job's lease, shows an archive that has no record, gets its key, reads all of it, and proposes a
 * record that says only what was found. Its number is 0 and its times are its id's: it never counts as the newest
 * because it was adopted late. A stale run's marker goes, as after a backup.
 */
import { BackupError, joinErrors } from '../../protocol/errors';
import { parseCommitFrame, parseKeysFrame, type AdoptJob, type KeysFrame } from '../../protocol/job';
import type { BackupRecord } from '../../protocol/record';
import type { Engine } from '../environment';
import { headerLength, parseHeader, type Header } from '../format/header';
import { progressTeller } from '../pipeline/progress';
import type { Seal } from '../pipeline/stored-file';
import { readUnlisted, type Learnt, type UnlistedArchive } from '../pipeline/unlisted-archive';
import { findGroup, type CatalogGroup, type GroupObject } from '../repository/catalog';
import { adoptableObject } from '../repository/examination';
import { indexKeyOf, recordKeyOf } from '../repository/layout';
import { acquireLease, type Lease } from '../repository/lease';
import { removeRunMarker } from '../repository/runs';
import { meetRepository } from './meet';

export async function adopt(job: AdoptJob, engine: Engine): Promise<void> {
	const { conversation, storage, clock } = engine;
	const { signal } = conversation;
	await meetRepository(engine);
	// Looked at before, so that a wrong name locks nothing.
	requireAdoptable(job, await findGroup(storage, job.job, job.id, signal));
	const { runId, host, lockWaitMs: waitMs } = job;
	const lease = await acquireLease(storage, job.job, { runId, host, waitMs, clock, signal });
	let failure: unknown;
	let learnt: Learnt | undefined;
	try {
		learnt = await adoptUnder(lease, job, engine);
	} catch (error) {
		failure = error;
	}
	try {
		await lease.release();
	} catch (error) {
		failure = joinErrors(failure, error);
	}
	if (failure !== undefined) throw failure;
	conversation.say({ event: 'done', entries: learnt?.entries ?? 0, bytes: learnt?.contentBytes ?? 0 });
}

async function adoptUnder(lease: Lease, job: AdoptJob, engine: Engine): Promise<Learnt> {
	const { conversation, storage, clock } = engine;
	const { signal } = conversation;
	const { group, archive } = requireAdoptable(job, await findGroup(storage, job.job, job.id, signal));
	const header = archive.suffix.endsWith('.enc') ? await readHeader(engine, archive) : null;
	const shown = header && header.bytes.toString('base64');
	conversation.say({ event: 'unlisted', key: archive.key, size: archive.size, header: shown });
	const keys = parseKeysFrame(await conversation.receive('keys'));
	const seal = header && sealOf(job, header.parsed, keys, engine);
	const unlisted: UnlistedArchive = {
		archive,
		compressed: archive.suffix.includes('.zst'),
		index: group.objects.find(({ key }) => key === indexKeyOf(job.job, job.id, seal !== null)),
		indexKey: indexKeyOf(job.job, job.id, seal !== null),
		seal,
	};
	conversation.say({ event: 'phase', name: 'reading', id: job.id });
	const tell = progressTeller(clock, (event) => conversation.say(event));
	const onRead = (bytesRead: number) => tell(() => ({ id: job.id, bytesRead, bytesWritten: 0, entries: 0 }));
	const learnt = await readUnlisted(storage, unlisted, { signal, onRead });
	try {
		const record = recordOf(job, unlisted, learnt, engine);
		conversation.say({ event: 'sealed', record });
		const commit = parseCommitFrame(await conversation.receive('commit'));
		signal.throwIfAborted();
		await lease.check();
		await learnt.publish();
		const stored = await storage.put(recordKeyOf(job.job, job.id), Buffer.from(commit.recordText));
		if (stored === 'exists') throw recorded(job);
	} catch (error) {
		await learnt.abort();
		throw error;
	}
	conversation.say({ event: 'stored', id: job.id });
	if (group.marker) await removeRunMarker(storage, group);
	return learnt;
}

function requireAdoptable(
	job: AdoptJob,
	group: CatalogGroup | undefined,
): { readonly group: CatalogGroup; readonly archive: GroupObject } {
	if (group?.record) throw recorded(job);
	const archive = group && adoptableObject(group);
	if (group && archive) return { group, archive };
	const why = group ? 'holds no archive of volumes that could be adopted' : 'holds nothing';
	throw new BackupError('record_not_found', `${job.id} of job ${job.job} ${why}`, {
		hint: 'docker-backup doctor lists what can be adopted.',
	});
}

function recorded({ id }: AdoptJob): BackupError {
	return new BackupError('object_exists', `${id} has a record already`, { hint: 'Nothing need be adopted.' });
}

async function readHeader(
	{ storage, conversation }: Engine,
	{ key }: GroupObject,
): Promise<{ readonly bytes: Buffer; readonly parsed: Header }> {
	const chunks: Buffer[] = [];
	const range = { offset: 0, length: headerLength };
	for await (const chunk of storage.get(key, range, conversation.signal)) chunks.push(chunk);
	const bytes = Buffer.concat(chunks);
	const parsed = parseHeader(bytes, key);
	if (parsed.kind === 'volume') return { bytes, parsed };
	throw new BackupError('invalid_parameter', `${key} is an archive of kind ${parsed.kind}`, {
		hint: 'Only archives of volumes can be adopted.',
	});
}

function sealOf(job: AdoptJob, header: Header, { keys }: KeysFrame, { random }: Engine): Seal {
	const key = keys.find(({ id }) => id === job.id);
	if (!key) throw new BackupError('key_missing', `no key came for archive ${job.id}`);
	return { header, archiveKey: Buffer.from(key.key, 'base64'), random };
}

function recordOf(
	job: AdoptJob,
	{ compressed, seal, index }: UnlistedArchive,
	learnt: Learnt,
	{ random }: Engine,
): BackupRecord {
	const at = timeOf(job.id);
	const { archive } = learnt;
	const adopted = `made from ${archive.path}, which had no record: its times are those of its name`;
	const leftOut = `${index?.key}, the index that was there, is not this archive's`;
	return {
		version: 1,
		id: job.id,
		runId: job.runId,
		job: job.job,
		series: seriesOf(job, learnt.volumes),
		seq: 0,
		kind: 'volume',
		status: 'success',
		startedAt: at,
		finishedAt: at,
		durationMs: 0,
		sizeBytes: archive.size,
		checksum: archive.sha256,
		contentBytes: learnt.contentBytes,
		contentChecksum: null,
		entries: learnt.entries,
		filePath: archive.path,
		files: learnt.index ? [archive, learnt.index] : [archive],
		compression: { algorithm: compressed ? 'zstd' : 'none', level: null },
		encrypted: seal !== null,
		keyId: seal && seal.header.keyId,
		kdf: seal && seal.header.kdf,
		archiveId: seal ? seal.header.archiveId : random.bytes(16).toString('hex'),
		consistency: 'live',
		downtimeMs: 0,
		host: job.host,
		sources: learnt.volumes.map((name) => ({ type: 'volume', name })),
		tags: [],
		warnings: [
			{ code: 'adopted', message: adopted, path: null },
			...(learnt.index ? [] : [{ code: 'index_left_out', message: leftOut, path: null }]),
		],
		warningsOmitted: 0,
		anomaly: null,
		workflow: null,
		error: null,
	};
}

/** As a backup names it: one archive of all its volumes, or one for each, whose ids name them. */
function seriesOf({ job, id }: AdoptJob, volumes: readonly string[]): string {
	const [only] = volumes;
	const separate = id.length > `${job}-yyyymmddThhmmssZ-hhhh`.length;
	return separate && only !== undefined && volumes.length === 1 ? `volume:${only}` : 'volumes';
}

/** The time in an id; an impossible one (a month 13) makes an archive that can't be adopted. */
function timeOf(id: string): string {
	const stamp = id.slice(-'yyyymmddThhmmssZ-hhhh'.length, -'-hhhh'.length);
	const iso = stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6.000Z');
	if (Number.isNaN(Date.parse(iso))) {
		throw new BackupError('record_not_found', `${id} holds no time that there is`, {
			hint: 'Give the archive a name with a real time.',
		});
	}
	return iso;
}
