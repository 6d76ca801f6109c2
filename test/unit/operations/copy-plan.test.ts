/** What becomes of each archive, in view of what the target holds. */
import { readEntry, type CatalogEntry } from '../../../operations/catalog-entry';
import { filterOfCopy, planCopies, selectCopies } from '../../../operations/copy-plan';
import type { Keyring } from '../../../operations/keyring';
import { formatRecord, signer } from '../../../engine/index';
import type { BackupRecord } from '../../../protocol/record';
import { failedRecord, sampleRecord } from '../../fakes/record';

const key = signer(Buffer.alloc(32, 1));
const stranger = signer(Buffer.alloc(32, 2));
const keyring = { publicKeys: [key.publicKey] } as unknown as Keyring;

function recordOf(job: string, number: number, changes: Partial<BackupRecord> = {}): BackupRecord {
	const id = `${job}-2026013${number}T030000Z-1f2e`;
	return sampleRecord({ id, job, seq: number, archiveId: `${number}`.repeat(32), ...changes });
}

const entryOf = (record: BackupRecord, by: typeof key | null = key): CatalogEntry =>
	readEntry({ id: record.id, job: record.job, text: formatRecord(record, by), facts: [] }, keyring);

const a1 = recordOf('a', 1);
const a2 = recordOf('a', 2);
const b1 = recordOf('b', 1);
const target = (entries: readonly CatalogEntry[]) => ({ entries, deletions: [], keyring, place: 'there' });

describe('which archives are meant', () => {
	const entries = [
		entryOf(a2),
		entryOf(a1),
		entryOf(b1),
		entryOf(recordOf('a', 3), null),
		entryOf(recordOf('a', 4), stranger),
		entryOf(failedRecord({ id: 'a-20260135T030000Z-1f2e', job: 'a' })),
	];
	test.each([
		[{ by: 'missing', job: null } as const, [a2, a1, b1]],
		[{ by: 'missing', job: 'a' } as const, [a2, a1, b1].filter(({ job }) => job === 'a')],
		[{ by: 'latest', job: 'a' } as const, [a2]],
		[{ by: 'id', id: a1.id } as const, [a1]],
	])('%j', (selection, records) => {
		const { job } = filterOfCopy(selection);
		const shown = entries.filter((entry) => job === null || entry.job === job);
		expect(selectCopies(shown, selection, keyring)).toEqual(records);
	});

	test.each([
		['unsigned', recordOf('a', 3), 'record_unsigned'],
		['forged', recordOf('a', 4), 'record_forged'],
		['failed', failedRecord({ id: 'a-20260135T030000Z-1f2e', job: 'a' }), 'record_not_found'],
		['absent', recordOf('a', 9), 'record_not_found'],
	])('one by id that is %s is refused', (_, { id }, code) => {
		expect(() => selectCopies(entries, { by: 'id', id }, keyring)).toThrow(
			expect.objectContaining({ code }) as Error,
		);
	});

	test('of no job at all there is nothing to copy; a job without a backup is a mistake', () => {
		expect(selectCopies([], { by: 'missing', job: null }, keyring)).toEqual([]);
		expect(() => selectCopies([], { by: 'missing', job: 'typo' }, keyring)).toThrow(
			expect.objectContaining({ code: 'record_not_found' }) as Error,
		);
	});
});

describe('what becomes of them', () => {
	test('job by job; what has its genuine record there is marked', () => {
		expect(planCopies([b1, a2, a1], target([entryOf(a1)]))).toEqual({
			batches: [
				{ records: [a2, a1], recorded: [a1.id] },
				{ records: [b1], recorded: [] },
			],
			refused: [],
		});
	});

	test.each([0, 1, 2, 3])('frames hold no more than they may: %d records a frame', (most) => {
		const records = [1, 2, 3, 4, 5].map((number) => recordOf('a', number));
		const { batches } = planCopies(records, target([]), most * JSON.stringify(a1).length);
		expect(batches.map((batch) => batch.records.length)).toEqual(
			{ 0: [1, 1, 1, 1, 1], 1: [1, 1, 1, 1, 1], 2: [2, 2, 1], 3: [3, 2] }[most],
		);
		expect(batches.flatMap((batch) => batch.records)).toEqual(records);
	});

	const other = {
		...a1,
		files: a1.files.map((file) => ({ ...file, sha256: 'cd'.repeat(32) })),
		checksum: 'cd'.repeat(32),
	};
	test.each([
		['forged', entryOf(a1, stranger), 'record_forged'],
		['unsigned', entryOf(a1, null), 'record_unsigned'],
		['of other bytes', entryOf(other), 'checksum_mismatch'],
		['of another run', entryOf({ ...a1, seq: 99 }), 'checksum_mismatch'],
		['of a failed run', entryOf(failedRecord({ id: a1.id, job: 'a' })), 'object_exists'],
		['unreadable', readEntry({ id: a1.id, job: 'a', text: '{}', facts: [] }, keyring), 'record_malformed'],
	])('a record there that is %s refuses its archive, and no other', (_, entry, code) => {
		const { batches, refused } = planCopies([a1, a2], target([entry]));
		expect(batches).toEqual([{ records: [a2], recorded: [] }]);
		expect(refused).toMatchObject([
			{ record: a1, error: { code, hint: expect.stringContaining('delete it') as string } },
		]);
	});

	test('a run under way there is no record', () => {
		const running = { status: 'running', id: a1.id, job: 'a' } as CatalogEntry;
		expect(planCopies([a1], target([running])).batches).toEqual([{ records: [a1], recorded: [] }]);
	});
});
