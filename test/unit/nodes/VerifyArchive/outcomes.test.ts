import { outcomesOf } from '../../../../nodes/VerifyArchive/outcomes';
import { type Verification } from '../../../../operations/index';
import { exampleRecord } from '../example-record';

const sound: Verification = {
	id: exampleRecord.id,
	ok: true,
	level: 'deep',
	checksum: exampleRecord.checksum,
	error: null,
	bytesRead: 1234,
	entries: 3,
	durationMs: 20,
	record: exampleRecord,
	trust: 'signed',
	at: '2026-02-01T00:00:00.000Z',
};
const bad = (id: string): Verification => ({
	...sound,
	id,
	ok: false,
	error: { code: 'checksum_mismatch', message: 'checksum mismatch', hint: null },
});

test('a sound archive', () => {
	const { outcomes, failure } = outcomesOf([sound], true);
	expect(outcomes).toEqual([
		{
			data: {
				ok: true,
				id: exampleRecord.id,
				job: 'nightly',
				level: 'deep',
				checksum: exampleRecord.checksum,
				error: null,
				at: '2026-02-01T00:00:00.000Z',
				bytesRead: 1234,
				entries: 3,
				durationMs: 20,
				trust: 'signed',
				record: exampleRecord,
			},
		},
	]);
	expect(failure).toBeUndefined();
});

test('a bad archive alarms', () => {
	const { outcomes, failure } = outcomesOf([bad('a')], true);
	expect(outcomes[0]).toMatchObject({ data: { ok: false, id: 'a' }, failure: { code: 'checksum_mismatch' } });
	expect(failure).toMatchObject({ code: 'checksum_mismatch', message: 'checksum mismatch' });
	expect(failure?.hint).not.toBe('');
});

test('of several, the bad ones are counted and named', () => {
	const { outcomes, failure } = outcomesOf([bad('a'), sound, bad('c')], true);
	expect(outcomes.map((outcome) => outcome.failure !== undefined)).toEqual([true, false, true]);
	expect(failure).toMatchObject({
		message: '2 of 3 archives are bad: a: checksum mismatch; c: checksum mismatch',
	});
});

test('without the alarm a bad archive is a result', () => {
	const { outcomes, failure } = outcomesOf([bad('a')], false);
	expect(outcomes).toMatchObject([{ data: { ok: false, id: 'a', error: { code: 'checksum_mismatch' } } }]);
	expect(outcomes[0]?.failure).toBeUndefined();
	expect(failure).toBeUndefined();
});
