import type { CatalogEntry } from '../../../operations/catalog-entry';
import type { Keyring } from '../../../operations/keyring';
import { newestOf } from '../../../operations/resources-protection';
import type { BackupRecord, Trust } from '../../../protocol/record';
import { failedRecord, sampleRecord } from '../../fakes/record';

const stored = (record: BackupRecord, trust: Trust = 'signed', deleting = false): CatalogEntry => ({
	status: record.status,
	id: record.id,
	job: record.job,
	trust,
	record,
	held: null,
	deleting,
	verifications: [],
});
const at = (day: number, changes: Partial<BackupRecord> = {}) =>
	sampleRecord({
		id: `nightly-202601${day}T030000Z-1f2e`,
		startedAt: `2026-01-${day}T03:00:00.000Z`,
		...changes,
	});
const keyring = { publicKeys: ['key'] } as unknown as Keyring;
const newest = (entries: CatalogEntry[], host = 'host-a') =>
	Object.fromEntries(newestOf(entries, keyring, host));

test('the newest sound backup of each volume on this host', () => {
	const both = at(20, {
		sources: [
			{ type: 'volume', name: 'data' },
			{ type: 'volume', name: 'other' },
		],
	});
	expect(newest([stored(at(31)), stored(both), stored(at(10))])).toEqual({
		data: { id: at(31).id, job: 'nightly', at: '2026-01-31T03:00:00.000Z' },
		other: { id: both.id, job: 'nightly', at: '2026-01-20T03:00:00.000Z' },
	});
});

test.each<[string, CatalogEntry]>([
	['failed', stored(failedRecord())],
	['forged', stored(at(31), 'forged')],
	['unsigned', stored(at(31), 'unsigned')],
	['being deleted', stored(at(31), 'signed', true)],
	['of another host', stored(at(31, { host: 'host-b' }))],
	['of a directory of that name', stored(at(31, { sources: [{ type: 'directory', name: 'data' }] }))],
])('one that is %s protects nothing', (_what, entry) => {
	expect(newest([entry])).toEqual({});
});
