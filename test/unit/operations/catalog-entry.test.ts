/** What was stated about an archive counts only with the repository's signature. */
import { formatFact, formatRecord, signer } from '../../../engine/index';
import { readEntry, type CatalogEntry } from '../../../operations/catalog-entry';
import type { Keyring } from '../../../operations/keyring';
import { ulidOf, type Evidence, type FactName, type StoredFact } from '../../../protocol/fact';
import { sampleRecord } from '../../fakes/record';

const key = signer(Buffer.alloc(32, 1));
const stranger = signer(Buffer.alloc(32, 2));
const keyring = { publicKeys: [key.publicKey] } as unknown as Keyring;
const record = sampleRecord();
const { id, job } = record;
const evidence: Evidence = {
	level: 'drill',
	pass: true,
	durationMs: 4200,
	checks: [{ name: 'select 1', pass: true, expected: '= 1', actual: '1' }],
	checksOmitted: 3,
};

function stated(second: number, changes: Partial<Evidence> = {}, name: FactName = 'verified'): StoredFact {
	return statedBy(key, second, changes, name);
}

function statedBy(
	by: typeof key | null,
	second: number,
	changes: Partial<Evidence> = {},
	name: FactName = 'verified',
): StoredFact {
	const moment = Date.UTC(2026, 1, 1, 3, 0, second);
	const ulid = ulidOf(moment, Buffer.alloc(10, second));
	const at = new Date(moment).toISOString();
	const fact = {
		version: 1,
		fact: name,
		id,
		job,
		ulid,
		at,
		reason: '',
		objects: [],
		workflow: null,
	} as const;
	const text = formatFact(
		{ ...fact, evidence: name === 'verified' ? { ...evidence, ...changes } : null },
		by,
	);
	return { job, id, name, ulid, text };
}

function entryOf(
	facts: readonly StoredFact[],
	from: Keyring = keyring,
): Exclude<CatalogEntry, { run: unknown }> {
	const entry = readEntry({ id, job, text: formatRecord(record, key), facts: [...facts] }, from);
	if (entry.status === 'running') throw new Error('it has a record');
	return entry;
}

test('verifications, newest first, with all that was found', () => {
	const failed = { pass: false, checks: [], checksOmitted: 0 };
	expect(entryOf([stated(2, failed), stated(1), stated(3, { level: 'deep' })]).verifications).toEqual([
		{ ...evidence, level: 'deep', at: '2026-02-01T03:00:03.000Z' },
		{ ...evidence, ...failed, at: '2026-02-01T03:00:02.000Z' },
		{ ...evidence, at: '2026-02-01T03:00:01.000Z' },
	]);
	expect(entryOf([]).verifications).toEqual([]);
	expect(entryOf([stated(1, {}, 'hold')])).toMatchObject({ verifications: [], held: { reason: '' } });
});

test('what nobody vouches for is no verification', () => {
	const genuine = stated(1, { pass: false });
	const moved = { ...stated(4), id: 'nightly-20260131T030000Z-ffff' };
	const changed = {
		...stated(5),
		text: stated(5, { pass: false }).text.replace('"pass":false', '"pass":true'),
	};
	const broken = { ...stated(6), text: 'not a fact' };
	const facts = [statedBy(null, 2), statedBy(stranger, 3), moved, changed, broken, genuine];
	expect(entryOf(facts).verifications).toEqual([
		{ ...evidence, pass: false, at: '2026-02-01T03:00:01.000Z' },
	]);
});

test('without any key, what is there counts, as the record does', () => {
	const keyless = { publicKeys: [] } as unknown as Keyring;
	expect(entryOf([statedBy(null, 2)], keyless).verifications).toHaveLength(1);
});
