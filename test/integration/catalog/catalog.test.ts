/** Hold, delete, download, link, examine and adopt as their users call them, in a directory and on a real S3 server. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { factKeyOf, recordKeyOf } from '../../../engine/repository/layout';
import type { Storage } from '../../../engine/repository/storage';
import {
	adoptArchive,
	deleteRecords,
	downloadArchive,
	examineRepository,
	getRecord,
	holdRecord,
	linkArchive,
	listRecords,
	releaseRecord,
	verifyArchives,
	type DownloadInfo,
} from '../../../operations/index';
import { stateFact } from '../../../operations/facts';
import { unlock } from '../../../operations/keyring';
import { ulidOf } from '../../../protocol/fact';
import { keysOf } from '../../conformance/storage';
import { idOf, makeBackup, rawSecret } from '../../engine/backups';
import { testContext } from '../../engine/in-process';
import { catalogLab, idAt, job, where, type CatalogLab } from './lab';

const { inDirectory, inBucket, newDirectory } = catalogLab();
const context = testContext();
const all = { job: null } as const;
const readAll = async (stream: Readable): Promise<Buffer> => await buffer(stream);

const stored = async (storage: Storage, key: string): Promise<Buffer> => await storage.read(key, 1 << 24);
const archiveOf = ({ records }: CatalogLab, second: number): string => records[second - 1]!.filePath!;

async function overwrite(storage: Storage, key: string, change: (bytes: Buffer) => Buffer): Promise<void> {
	const bytes = await stored(storage, key);
	await storage.delete(key);
	await storage.put(key, change(bytes));
}

const flipped = (bytes: Buffer): Buffer => {
	const copy = Buffer.from(bytes);
	copy[copy.length - 20]! ^= 1;
	return copy;
};

describe.each([
	['a directory', inDirectory],
	['the S3 server', inBucket],
])('in %s', (_place, open) => {
	let lab: CatalogLab;
	beforeEach(async () => {
		lab = await open();
	});

	test('all is well, newest first, and a limit is one of the newest', async () => {
		const { repository } = lab;
		const entries = await listRecords(context, where, repository, { job: null, limit: null });
		expect(entries.map(({ id }) => id)).toEqual([idAt(3), idAt(2), idAt(1)]);
		expect(entries[0]).toMatchObject({ trust: 'signed', held: null, deleting: false });
		const newest = await listRecords(context, where, repository, { job, limit: 2 });
		expect(newest.map(({ id }) => id)).toEqual([idAt(3), idAt(2)]);
		expect(await examineRepository(context, where, repository, all)).toEqual([]);
	});

	test('hold refuses a deletion until it is released; the newest of both counts', async () => {
		const { repository } = lab;
		const id = idAt(2);
		const request = { ids: [id], reason: 'space', lockWaitMs: 0 };
		const { held } = await holdRecord(context, where, repository, { id, reason: 'audit 2026' });
		expect(await getRecord(context, where, repository, id)).toMatchObject({ held, deleting: false });
		expect(held).toMatchObject({ reason: 'audit 2026' });
		expect(await deleteRecords(context, where, repository, request)).toEqual([
			{
				id,
				deleted: false,
				resumed: false,
				error: {
					code: 'record_held',
					message: expect.stringContaining('audit 2026') as string,
					hint: expect.stringMatching(/release/i) as string,
				},
			},
		]);
		// A clock that was set back does not make the release older than the hold.
		const early = { ...context, clock: { ...context.clock, now: () => Date.UTC(2020, 0, 1) } };
		expect(await releaseRecord(early, where, repository, { id, reason: '' })).toMatchObject({ held: null });
		expect(await getRecord(context, where, repository, id)).toMatchObject({ held: null });
		expect(await deleteRecords(context, where, repository, request)).toEqual([
			{ id, deleted: true, error: null, resumed: false },
		]);
		await expect(getRecord(context, where, repository, id)).rejects.toMatchObject({
			code: 'record_not_found',
		});
		await expect(holdRecord(context, where, repository, { id, reason: '' })).rejects.toMatchObject({
			code: 'record_not_found',
		});
		await expect(
			holdRecord(context, where, repository, { id: idAt(1), reason: 'x'.repeat(501) }),
		).rejects.toMatchObject({ code: 'invalid_parameter' });
		expect((await keysOf(lab.storage, 'jobs/')).length).toBe(6);
	});

	test('a planted hold or release counts for nothing, and is shown', async () => {
		const { repository, storage } = lab;
		const id = idAt(1);
		await holdRecord(context, where, repository, { id, reason: 'keep' });
		const ulid = ulidOf(Date.UTC(2090, 0, 1), Buffer.alloc(10, 1));
		const release = { version: 1, fact: 'release', id, job, ulid, at: '2090-01-01T00:00:00.000Z' };
		const line = JSON.stringify({ ...release, reason: '', objects: [], workflow: null });
		const key = factKeyOf(job, id, 'release', ulid);
		await storage.put(key, Buffer.from(`${line}\n{"signature":null}\n`));
		expect(await getRecord(context, where, repository, id)).toMatchObject({ held: { reason: 'keep' } });
		expect(await examineRepository(context, where, repository, all)).toEqual([
			expect.objectContaining({ type: 'forged_fact', key, id, job }),
		]);
		// The next genuine one comes after the genuine ones, not after the planted.
		await releaseRecord(context, where, repository, { id, reason: '' });
		expect(await getRecord(context, where, repository, id)).toMatchObject({ held: null });
	});

	test('delete: forged, unreadable, unknown and the rest in one go', async () => {
		const { repository, storage } = lab;
		const forged = recordKeyOf(job, idAt(1));
		await overwrite(storage, forged, (bytes) =>
			Buffer.from(bytes.toString().replace('"host":"test"', '"host":"tost"')),
		);
		await overwrite(storage, recordKeyOf(job, idAt(2)), () => Buffer.from('nonsense'));
		const findings = await examineRepository(context, where, repository, { job });
		expect(findings.map(({ type, id }) => [type, id]).toSorted()).toEqual([
			['forged_record', idAt(1)],
			['unreadable_record', idAt(2)],
		]);
		const ids = [idAt(2), idOf('other', 1), idAt(1), 'not-an-id', idOf(`${job}-x`, 3)];
		const outcomes = await deleteRecords(context, where, repository, { ids, reason: '', lockWaitMs: 0 });
		expect(outcomes.map(({ id, deleted, error }) => [id, deleted, error && error.code])).toEqual([
			[idAt(2), true, null],
			[idOf('other', 1), false, 'record_not_found'],
			[idAt(1), true, null],
			['not-an-id', false, 'record_not_found'],
			[idOf(`${job}-x`, 3), false, 'record_not_found'],
		]);
		expect(await keysOf(storage, 'jobs/')).toHaveLength(3);
		// No job was locked that does not exist.
		expect((await keysOf(storage, 'locks/')).filter((key) => !key.startsWith(`locks/${job}/`))).toEqual([]);
	});

	test('what is being deleted is no backup any more; the next delete of the job ends it', async () => {
		const { repository, storage } = lab;
		const id = idAt(3);
		// As a run leaves it that dies right after its first step.
		const { keyring } = await unlock(
			(await stored(storage, 'repository.json')).toString(),
			false,
			repository,
			'here',
			context,
		);
		const statement = { name: 'deleted', job, id, reason: '', objects: [], facts: [] } as const;
		const { stored: begun } = stateFact(statement, keyring, context);
		const key = factKeyOf(job, id, 'deleted', begun.ulid);
		await storage.put(key, Buffer.from(begun.text));
		expect(await getRecord(context, where, repository, id)).toMatchObject({ deleting: true });
		const latest = { selection: { by: 'latest', job }, sizeLimit: null, allowUnsigned: false } as const;
		const name = async (_stream: Readable, { fileName }: DownloadInfo) => fileName;
		expect(await downloadArchive(context, where, repository, latest, name)).toContain(idAt(2));
		const named = { ...latest, selection: { by: 'id', id } } as const;
		await expect(downloadArchive(context, where, repository, named, name)).rejects.toMatchObject({
			code: 'record_not_found',
		});
		await expect(holdRecord(context, where, repository, { id, reason: '' })).rejects.toMatchObject({
			code: 'record_not_found',
		});
		expect(await examineRepository(context, where, repository, all)).toEqual([
			expect.objectContaining({ type: 'unfinished_delete', key }),
		]);
		const request = { ids: [idAt(1)], reason: '', lockWaitMs: 0 };
		expect(await deleteRecords(context, where, repository, request)).toEqual([
			{ id: idAt(1), deleted: true, error: null, resumed: false },
			{ id, deleted: true, error: null, resumed: true },
		]);
		expect(await keysOf(storage, 'jobs/')).toHaveLength(3);
		expect(await examineRepository(context, where, repository, all)).toEqual([]);
	});

	test('download: the very bytes, by id or the latest; a limit refuses before the first', async () => {
		const { repository, records, storage } = lab;
		const request = { selection: { by: 'latest', job }, sizeLimit: null, allowUnsigned: false } as const;
		const latest = records[2]!;
		const names: string[] = [];
		const bytes = await downloadArchive(context, where, repository, request, async (stream, info) => {
			names.push(info.fileName);
			expect(info).toMatchObject({ size: latest.sizeBytes, record: { id: latest.id } });
			return await readAll(stream);
		});
		expect(names).toEqual([`${latest.id}.tar.zst.enc`]);
		expect(bytes.equals(await stored(storage, latest.filePath!))).toBe(true);
		expect(createHash('sha256').update(bytes).digest('hex')).toBe(latest.checksum);
		let called = false;
		const limited = { ...request, sizeLimit: latest.sizeBytes - 1 };
		const refused = downloadArchive(context, where, repository, limited, async () => (called = true));
		await expect(refused).rejects.toMatchObject({ code: 'size_limit_exceeded' });
		expect(called).toBe(false);
		const exact = { ...request, sizeLimit: latest.sizeBytes };
		await expect(downloadArchive(context, where, repository, exact, readAll)).resolves.toHaveLength(
			latest.sizeBytes,
		);
	});

	test('download: wrong bytes fail the stream and the call, whatever the sink makes of them', async () => {
		const { repository, storage } = lab;
		await overwrite(storage, archiveOf(lab, 1), flipped);
		const request = { selection: { by: 'id', id: idAt(1) }, sizeLimit: null, allowUnsigned: false } as const;
		await expect(downloadArchive(context, where, repository, request, readAll)).rejects.toMatchObject({
			code: 'checksum_mismatch',
		});
		let whole = false;
		const tolerant = downloadArchive(context, where, repository, request, async (stream) => {
			try {
				for await (const _chunk of stream as AsyncIterable<Buffer>);
				whole = true;
			} catch {
				return 'fine by me';
			}
			return 'whole';
		});
		await expect(tolerant).rejects.toMatchObject({ code: 'checksum_mismatch' });
		expect(whole).toBe(false);
		await overwrite(storage, archiveOf(lab, 2), (bytes) => bytes.subarray(0, -1));
		const cut = { ...request, selection: { by: 'id', id: idAt(2) } } as const;
		await expect(downloadArchive(context, where, repository, cut, readAll)).rejects.toMatchObject({
			code: 'archive_truncated',
		});
	});

	test('download: a sink that gives up is heard, and the engine ends', async () => {
		const { repository } = lab;
		const request = { selection: { by: 'id', id: idAt(1) }, sizeLimit: null, allowUnsigned: false } as const;
		const failing = downloadArchive(context, where, repository, request, async () => {
			throw new Error('the disk of n8n is full');
		});
		await expect(failing).rejects.toThrow('the disk of n8n is full');
		// One that wants only the start gets it, and the rest is checked all the same.
		const start = await downloadArchive(context, where, repository, request, async (stream) => {
			for await (const chunk of stream as AsyncIterable<Buffer>) return chunk.subarray(0, 4).toString();
			return '';
		});
		expect(start).toBe('DKBK');
	});

	test('doctor: missing and unlisted objects, what nobody wrote, and a leftover that is adopted', async () => {
		const { repository, storage, records } = lab;
		const lost = records[0]!.files.find(({ role }) => role === 'index')!.path;
		await storage.delete(lost);
		await overwrite(storage, archiveOf(lab, 3), (bytes) => bytes.subarray(1));
		await storage.delete(recordKeyOf(job, idAt(2)));
		await storage.put('notes.txt', Buffer.from('mine'));
		await storage.put(`jobs/${job}/${idAt(9)}.xyz`, Buffer.from('?'));
		const findings = await examineRepository(context, where, repository, all);
		const brief = findings.map(({ type, key, adoptable, size }) => ({ type, key, adoptable, size }));
		const index = records[1]!.files.find(({ role }) => role === 'index')!;
		expect(brief.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
			{ type: 'missing_object', key: lost, adoptable: false, size: null },
			{ type: 'unlisted_object', key: index.path, adoptable: false, size: index.size },
			{ type: 'unlisted_object', key: archiveOf(lab, 2), adoptable: true, size: records[1]!.sizeBytes },
			{ type: 'missing_object', key: archiveOf(lab, 3), adoptable: false, size: records[2]!.sizeBytes - 1 },
			{ type: 'foreign_object', key: `jobs/${job}/${idAt(9)}.xyz`, adoptable: false, size: 1 },
			{ type: 'foreign_object', key: 'notes.txt', adoptable: false, size: 4 },
		]);
		const adopted = await adoptArchive(context, where, repository, { job, id: idAt(2), lockWaitMs: 0 });
		const { checksum, sizeBytes, contentBytes, entries, files, kdf, keyId, archiveId, sources } = records[1]!;
		expect(adopted).toMatchObject({
			id: idAt(2),
			seq: 0,
			series: 'volumes',
			startedAt: '2026-01-31T03:00:02.000Z',
			...{ checksum, sizeBytes, contentBytes, entries, files, kdf, keyId, archiveId, sources },
			warnings: [expect.objectContaining({ code: 'adopted' })],
		});
		expect(await getRecord(context, where, repository, idAt(2))).toMatchObject({
			trust: 'signed',
			record: adopted,
		});
		const selection = { by: 'id', id: idAt(2) } as const;
		expect(await verifyArchives(context, where, repository, { selection, level: 'deep' })).toMatchObject([
			{ ok: true },
		]);
		const rest = await examineRepository(context, where, repository, all);
		expect(rest.filter(({ id }) => id === idAt(2))).toEqual([]);
		// It is there, but never the newest: the engine's number of the others is higher.
		await expect(
			adoptArchive(context, where, repository, { job, id: idAt(2), lockWaitMs: 0 }),
		).rejects.toMatchObject({ code: 'object_exists' });
	});
});

describe('a link', () => {
	test('leads to the bytes, under their name, on the S3 server', async () => {
		const lab = await inBucket();
		const request = { selection: { by: 'latest', job }, expiresInSeconds: 60, allowUnsigned: false } as const;
		const before = Date.now();
		const link = await linkArchive(context, where, lab.repository, request);
		expect(link).toMatchObject({ fileName: `${idAt(3)}.tar.zst.enc`, size: lab.records[2]!.sizeBytes });
		expect(Date.parse(link.expiresAt) - before).toBeGreaterThan(59_000);
		const response = await fetch(link.url);
		expect(response.status).toBe(200);
		expect(response.headers.get('content-disposition')).toContain(link.fileName);
		const bytes = Buffer.from(await response.arrayBuffer());
		expect(createHash('sha256').update(bytes).digest('hex')).toBe(lab.records[2]!.checksum);
		for (const expiresInSeconds of [0, 1.5, 604_801]) {
			await expect(
				linkArchive(context, where, lab.repository, { ...request, expiresInSeconds }),
			).rejects.toMatchObject({ code: 'invalid_parameter' });
		}
		await lab.storage.delete(lab.records[2]!.filePath!);
		await expect(linkArchive(context, where, lab.repository, request)).rejects.toMatchObject({
			code: 'archive_missing',
		});
	});

	test('is not for directories', async () => {
		const { repository } = await inDirectory();
		const request = { selection: { by: 'latest', job }, expiresInSeconds: 60, allowUnsigned: false } as const;
		await expect(linkArchive(context, where, repository, request)).rejects.toMatchObject({
			code: 'invalid_parameter',
			hint: expect.stringContaining('download') as string,
		});
	});
});

describe('adopting', () => {
	test('rebuilds a lost index, leaves out a damaged one, and both stay verifiable', async () => {
		const { repository, storage, records } = await inDirectory();
		const index = (second: number) => records[second - 1]!.files.find(({ role }) => role === 'index')!.path;
		await storage.delete(recordKeyOf(job, idAt(1)));
		await storage.delete(index(1));
		await storage.delete(recordKeyOf(job, idAt(2)));
		await overwrite(storage, index(2), flipped);
		const rebuilt = await adoptArchive(context, where, repository, { job, id: idAt(1), lockWaitMs: 0 });
		expect(rebuilt.files.map(({ role, path }) => [role, path])).toEqual([
			['archive', records[0]!.filePath],
			['index', index(1)],
		]);
		const without = await adoptArchive(context, where, repository, { job, id: idAt(2), lockWaitMs: 0 });
		expect(without.files.map(({ role }) => role)).toEqual(['archive']);
		expect(without.warnings.map(({ code }) => code)).toEqual(['adopted', 'index_left_out']);
		for (const level of ['checksum', 'deep'] as const) {
			const selection = { by: 'all', job } as const;
			const verified = await verifyArchives(context, where, repository, { selection, level });
			expect(verified.map(({ ok, error }) => [ok, error])).toEqual([
				[true, null],
				[true, null],
				[true, null],
			]);
		}
		expect(await examineRepository(context, where, repository, all)).toEqual([
			expect.objectContaining({ type: 'unlisted_object', key: index(2), adoptable: false }),
		]);
	});

	test.each([
		['a flipped bit', flipped, 'archive_tampered'],
		['a cut end', (bytes: Buffer) => bytes.subarray(0, -1), 'archive_tampered'],
		['another file', () => Buffer.from('x'.repeat(500)), 'archive_malformed'],
		['nothing', () => Buffer.alloc(0), 'archive_truncated'],
	] as const)('%s is refused, and no record is made', async (_what, change, code) => {
		const lab = await inDirectory();
		const { repository, storage } = lab;
		await storage.delete(recordKeyOf(job, idAt(1)));
		await overwrite(storage, archiveOf(lab, 1), change);
		const before = await keysOf(storage, 'jobs/');
		await expect(
			adoptArchive(context, where, repository, { job, id: idAt(1), lockWaitMs: 0 }),
		).rejects.toMatchObject({ code });
		expect(await keysOf(storage, 'jobs/')).toEqual(before);
	});

	test('without its key an archive is not adopted; with a former one it is', async () => {
		const lab = await inDirectory();
		const { storage, repository } = lab;
		await storage.delete(recordKeyOf(job, idAt(1)));
		const request = { job, id: idAt(1), lockWaitMs: 0 };
		await expect(
			adoptArchive(context, where, { ...repository, secret: null }, request),
		).rejects.toMatchObject({ code: 'key_missing' });
		const former = { ...repository, secret: rawSecret(9), previousSecrets: [rawSecret()] };
		expect(await adoptArchive(context, where, former, request)).toMatchObject({
			keyId: lab.records[0]!.keyId,
		});
	});

	test('an unencrypted one, not compressed', async () => {
		const { storage, repository } = await inDirectory({ secret: null });
		const record = await makeBackup(storage, repository, {
			job: 'plain',
			second: 7,
			scratch: newDirectory(),
			compressed: false,
		});
		await storage.delete(recordKeyOf('plain', record.id));
		const adopted = await adoptArchive(context, where, repository, {
			job: 'plain',
			id: record.id,
			lockWaitMs: 0,
		});
		expect(adopted).toMatchObject({ checksum: record.checksum, encrypted: false, files: record.files });
		expect(adopted.compression).toEqual({ algorithm: 'none', level: null });
	});
});
