import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import {
	formatRecord,
	listRecordTexts,
	maxRecordLength,
	splitRecord,
	trustOf,
	type StoredRecord,
} from '../../../../engine/repository/records';
import { signer } from '../../../../engine/format/signing';
import type { Storage } from '../../../../engine/repository/storage';
import { BackupError } from '../../../../protocol/errors';
import { failedRecord, sampleRecord } from '../../../fakes/record';

const ours = signer(Buffer.alloc(32, 1));
const theirs = signer(Buffer.alloc(32, 2));
const record = sampleRecord();
const { id, job } = record;
const found = { id, job };

describe('a record’s text', () => {
	it('is two lines, the second signing the exact bytes of the first', () => {
		const text = formatRecord(record, ours);
		const [line, second, rest] = text.split('\n') as [string, string, string];
		expect(JSON.parse(line)).toEqual(record);
		expect(JSON.parse(second)).toEqual({ signature: ours.sign(Buffer.from(line)) });
		expect(rest).toBe('');
		expect(splitRecord(text)).toEqual({ line, signature: expect.any(String), record });
		expect(splitRecord(formatRecord(failedRecord(), null)).signature).toBeNull();
	});

	test.each<[string, string]>([
		['empty', ''],
		['cut', formatRecord(record, ours).slice(0, -2)],
		['followed by something', `${formatRecord(record, ours)} `],
		['of one line', JSON.stringify(record)],
		['of another version', formatRecord({ ...record, version: 2 } as never, ours)],
		['without its bytes', formatRecord({ ...record, files: [] }, ours)],
		['too long', formatRecord(sampleRecord({ host: 'x'.repeat(maxRecordLength) }), ours)],
	])('%s is malformed', (_how, text) => {
		expect(() => splitRecord(text)).toThrow(expect.objectContaining({ code: 'record_malformed' }));
		expect(() => trustOf(text, [ours.publicKey], found)).toThrow(
			expect.objectContaining({ code: 'record_malformed' }),
		);
	});
});

describe('trust', () => {
	const signed = formatRecord(record, ours);

	it('is signed, unsigned, forged or unchecked', () => {
		expect(trustOf(signed, [ours.publicKey], found)).toBe('signed');
		expect(trustOf(signed, [theirs.publicKey, ours.publicKey], found)).toBe('signed');
		expect(trustOf(signed, [theirs.publicKey], found)).toBe('forged');
		expect(trustOf(formatRecord(record, null), [ours.publicKey], found)).toBe('unsigned');
		expect(trustOf(signed, [], found)).toBe('unchecked');
		expect(trustOf(formatRecord(record, null), [], found)).toBe('unchecked');
	});

	it('of any single changed byte of line one is gone', () => {
		const line = signed.split('\n')[0]!;
		for (let position = 0; position < line.length; position += 1) {
			const bytes = Buffer.from(signed);
			bytes[position]! ^= 1;
			const text = bytes.toString();
			let trust: string;
			try {
				trust = trustOf(text, [ours.publicKey], found);
			} catch (error) {
				expect(error).toMatchObject({ code: 'record_malformed' });
				continue;
			}
			expect(trust).toBe('forged');
		}
	});

	it('is not taken from one record to another', () => {
		const [, signature] = formatRecord(sampleRecord({ seq: 2 }), ours).split('\n');
		const text = `${JSON.stringify(record)}\n${signature}\n`;
		expect(trustOf(text, [ours.publicKey], found)).toBe('forged');
	});

	it('is not kept by a record that was moved to another name or job', () => {
		const other = 'nightly-20260201T030000Z-1f2e';
		for (const keys of [[ours.publicKey], []]) {
			expect(trustOf(signed, keys, { id: other, job })).toBe('forged');
			expect(trustOf(signed, keys, { id, job: 'other' })).toBe('forged');
			expect(trustOf(signed, keys, { id: other })).toBe('forged');
		}
		expect(trustOf(signed, [ours.publicKey], { id })).toBe('signed');
		expect(trustOf(signed, [ours.publicKey], { id, job: null })).toBe('signed');
		const strange = formatRecord(sampleRecord({ job: 'other' }), ours);
		expect(trustOf(strange, [ours.publicKey], { id })).toBe('forged');
	});
});

describe('listing records', () => {
	let storage: Storage;
	beforeEach(() => {
		storage = createMemoryStorage();
	});
	const list = async (
		wanted: { job?: string; id?: string } = {},
		from = storage,
	): Promise<StoredRecord[]> => {
		const records: StoredRecord[] = [];
		for await (const stored of listRecordTexts(from, { job: wanted.job ?? null, id: wanted.id ?? null }))
			records.push(stored);
		return records;
	};
	const put = async (key: string, text = key) => {
		expect(await storage.put(key, Buffer.from(text))).toBe('created');
	};

	it('gives each job’s records newest first, and no other files', async () => {
		await put('repository.json');
		await put('jobs/b/b-20260101T000000Z-0001.json');
		await put('jobs/b/b-db-20260301T000000Z-0002.json');
		await put('jobs/b/b-20260201T000000Z-0003.json');
		await put('jobs/b/b-20260201T000000Z-0003.tar.zst');
		await put('jobs/b/b-20260201T000000Z-0003.index.zst');
		await put('jobs/b/b-20260201T000000Z-0003.run.json');
		await put('jobs/b/b-20260201T000000Z-0003.hold.01ARZ3NDEKTSV4RRFFQ69G5FAV.json');
		await put('jobs/b/notes.json');
		await put('jobs/a/a-20260101T000000Z-0001.json');
		await put('jobs/a/b-20260101T000000Z-0001.json');
		expect((await list()).map((stored) => stored.id)).toEqual([
			'a-20260101T000000Z-0001',
			'b-db-20260301T000000Z-0002',
			'b-20260201T000000Z-0003',
			'b-20260101T000000Z-0001',
		]);
		const [first] = await list({ job: 'a' });
		const key = 'jobs/a/a-20260101T000000Z-0001.json';
		expect(first).toEqual({ id: 'a-20260101T000000Z-0001', key, text: key });
	});

	it('job `backup` never matches `backup-other`', async () => {
		await put('jobs/backup/backup-20260101T000000Z-0001.json');
		await put('jobs/backup-other/backup-other-20260101T000000Z-0001.json');
		expect((await list({ job: 'backup' })).map((stored) => stored.id)).toEqual([
			'backup-20260101T000000Z-0001',
		]);
		expect((await list({ job: 'backup-other' })).map((stored) => stored.id)).toEqual([
			'backup-other-20260101T000000Z-0001',
		]);
		expect(await list({ job: 'back' })).toEqual([]);
	});

	it('finds one id, in its job or wherever it can be', async () => {
		const wanted = 'a-b-20260101T000000Z-0001';
		await put(`jobs/a/${wanted}.json`, 'in a');
		await put(`jobs/a-b/${wanted}.json`, 'in a-b');
		await put('jobs/a/a-20260101T000000Z-0002.json');
		expect((await list({ id: wanted })).map((stored) => stored.text)).toEqual(['in a', 'in a-b']);
		expect((await list({ id: wanted, job: 'a-b' })).map((stored) => stored.text)).toEqual(['in a-b']);
		expect(await list({ id: wanted, job: 'x' })).toEqual([]);
		expect(await list({ id: 'a-20260101T000000Z-ffff' })).toEqual([]);
		expect(await list({ id: '../../etc/passwd' })).toEqual([]);
	});

	it('gives a broken record as it is and hides no other', async () => {
		await put('jobs/a/a-20260101T000000Z-0001.json', formatRecord(record, ours));
		await put('jobs/a/a-20260102T000000Z-0001.json', '{"torn');
		await put('jobs/a/a-20260103T000000Z-0001.json', '');
		await put('jobs/a/a-20260104T000000Z-0001.json', 'x'.repeat(maxRecordLength + 1));
		await put('jobs/a/a-20260105T000000Z-0001.json', 'y'.repeat(maxRecordLength));
		const texts = (await list()).map((stored) => stored.text);
		expect(texts).toEqual(['y'.repeat(maxRecordLength), '', '', '{"torn', formatRecord(record, ours)]);
	});

	it('goes on past one file that can’t be read, but not when the storage is gone', async () => {
		await put('jobs/a/a-20260101T000000Z-0001.json');
		await put('jobs/a/a-20260102T000000Z-0001.json');
		const failing = (code: 'storage_failed' | 'storage_unreachable'): Storage => ({
			...storage,
			read: async (key, most) => {
				if (key.includes('0102')) throw new BackupError(code, `can't read ${key}`);
				return await storage.read(key, most);
			},
		});
		expect((await list({}, failing('storage_failed'))).map((stored) => stored.text)).toEqual([
			'',
			'jobs/a/a-20260101T000000Z-0001.json',
		]);
		await expect(list({}, failing('storage_unreachable'))).rejects.toMatchObject({
			code: 'storage_unreachable',
		});
	});
});
