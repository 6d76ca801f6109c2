import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CatalogEntry, StoredEntry } from '../../../operations/catalog-entry';
import type { Keyring } from '../../../operations/keyring';
import { filterOf, requireRestorable, selectEntries } from '../../../operations/select';
import { chooseSources } from '../../../operations/restore-volumes';
import { parseRecord, type BackupRecord, type Trust } from '../../../protocol/record';

const golden = parseRecord(JSON.parse(readFileSync(join(__dirname, '../../vectors/record-v1.json'), 'utf8')));
const stated = { held: null, deleting: false, verifications: [] } as const;
const stamp = (second: number) => `nightly-20260131T0300${String(second).padStart(2, '0')}Z-1f2e`;

function entry(second: number, changes: Partial<BackupRecord> = {}, trust: Trust = 'signed'): StoredEntry {
	const record = { ...golden, id: stamp(second), seq: second, ...changes };
	return { status: record.status, id: record.id, job: record.job, trust, record, ...stated };
}

const keyring = (publicKeys: readonly string[]) => ({ publicKeys }) as unknown as Keyring;
const keyed = keyring(['key']);
const keyless = keyring([]);
const latest = { by: 'latest', job: 'nightly' } as const;
const ids = (entries: readonly { id: string }[]) => entries.map(({ id }) => id);

test('latest is the highest seq of each series, whatever the clocks and the order say', () => {
	const late = entry(9, { seq: 1, startedAt: '2030-01-01T00:00:00.000Z' });
	const other = entry(3, { series: 'volume:b', seq: 2 });
	expect(ids(selectEntries([late, entry(5), other, entry(4)], latest, keyed))).toEqual([stamp(5), stamp(3)]);
	expect(ids(selectEntries([late, other], { ...latest, series: 'volume:b' }, keyed))).toEqual([stamp(3)]);
});

test.each(['unsigned', 'forged', 'unchecked'] as const)(
	'a newer %s record is never latest where there is a key',
	(trust) => {
		expect(ids(selectEntries([entry(9, {}, trust), entry(5)], latest, keyed))).toEqual([stamp(5)]);
		expect(() => selectEntries([entry(9, {}, trust)], latest, keyed)).toThrow(
			expect.objectContaining({ code: 'record_not_found' }),
		);
	},
);

test('without any key unsigned records count, forged ones still do not', () => {
	expect(ids(selectEntries([entry(9, {}, 'forged'), entry(5, {}, 'unchecked')], latest, keyless))).toEqual([
		stamp(5),
	]);
});

test('failed and running runs and unreadable records are never latest', () => {
	const failed = entry(9, { status: 'failed' });
	const unreadable: CatalogEntry = {
		status: 'unreadable',
		id: stamp(8),
		job: 'nightly',
		problem: 'x',
		...stated,
	};
	expect(ids(selectEntries([failed, unreadable, entry(5)], { by: 'all', job: 'nightly' }, keyed))).toEqual([
		stamp(5),
	]);
});

test('by id: exactly that one, or why not', () => {
	expect(ids(selectEntries([entry(1), entry(2, {}, 'forged')], { by: 'id', id: stamp(2) }, keyed))).toEqual([
		stamp(2),
	]);
	expect(() => selectEntries([entry(1)], { by: 'id', id: stamp(7) }, keyed)).toThrow(
		expect.objectContaining({ code: 'record_not_found' }),
	);
	const unreadable: CatalogEntry = {
		status: 'unreadable',
		id: stamp(8),
		job: 'nightly',
		problem: 'it is empty',
		...stated,
	};
	expect(() => selectEntries([unreadable], { by: 'id', id: stamp(8) }, keyed)).toThrow(/it is empty/);
});

test('what is asked of the engine is checked first', () => {
	expect(filterOf({ by: 'all', job: 'nightly' })).toEqual({ job: 'nightly', id: null });
	expect(() => filterOf({ by: 'all', job: '../x' })).toThrow(
		expect.objectContaining({ code: 'invalid_job_name' }),
	);
	expect(() => filterOf({ by: 'id', id: 'x' })).toThrow(
		expect.objectContaining({ code: 'record_not_found' }),
	);
});

test.each([
	['a failed run', entry(1, { status: 'failed' }), keyed, true, 'record_not_found'],
	['a forged record', entry(1, {}, 'forged'), keyed, true, 'record_forged'],
	['an unsigned record', entry(1, {}, 'unsigned'), keyed, false, 'record_unsigned'],
] as const)('%s is not restored', (_what, found, ring, allowUnsigned, code) => {
	expect(() => requireRestorable(found, ring, allowUnsigned)).toThrow(
		expect.objectContaining({ code, hint: expect.any(String) }),
	);
});

test.each([
	['a signed record', entry(1), keyed, false],
	['an unsigned record that was allowed', entry(1, {}, 'unsigned'), keyed, true],
	['a record of a repository without a key', entry(1, {}, 'unchecked'), keyless, false],
] as const)('%s is restored', (_what, found, ring, allowUnsigned) => {
	expect(() => requireRestorable(found, ring, allowUnsigned)).not.toThrow();
});

test('volumes are chosen by the names that the record holds', () => {
	const sources = [
		{ type: 'volume', name: 'a' },
		{ type: 'volume', name: 'b' },
	] as const;
	expect(chooseSources({ ...golden, sources }, [])).toEqual(['a', 'b']);
	expect(chooseSources({ ...golden, sources }, ['b'])).toEqual(['b']);
	expect(() => chooseSources({ ...golden, sources }, ['c'])).toThrow(
		expect.objectContaining({ code: 'invalid_parameter' }),
	);
	expect(() => chooseSources({ ...golden, kind: 'postgres', sources }, [])).toThrow(/postgres archive/);
});

test.each(['..', '../../etc', 'a/b', '', '.a', 'a\0'])(
	'a record that names a volume %j is not restored',
	(name) => {
		const sources = [{ type: 'volume', name }] as const;
		expect(() => chooseSources({ ...golden, sources }, [])).toThrow(
			expect.objectContaining({ code: 'record_malformed' }),
		);
	},
);
