import { outcomesOf } from '../../../../nodes/CopyArchive/outcomes';
import { BackupError, type ArchiveCopy, type TargetOutcome } from '../../../../operations/index';
import { exampleRecord } from '../example-record';

const copied: ArchiveCopy = {
	id: exampleRecord.id,
	outcome: 'copied',
	bytes: 1234,
	durationMs: 20,
	error: null,
	record: exampleRecord,
};
const failed: ArchiveCopy = {
	...copied,
	outcome: 'failed',
	bytes: 0,
	error: { code: 'checksum_mismatch', message: 'checksum mismatch', hint: 'look' },
};
const target = (name: string, changes: Partial<TargetOutcome> = {}): TargetOutcome => ({
	name,
	place: `volume "${name}"`,
	repositoryCreated: false,
	error: null,
	results: [],
	selected: 0,
	present: 0,
	hints: [],
	...changes,
});

test('one outcome of every archive and target, flat, and with its record', () => {
	const { outcomes, failure } = outcomesOf([target('a', { results: [copied], selected: 1 })]);
	expect(outcomes).toEqual([
		{
			data: {
				target: 'a',
				place: 'volume "a"',
				id: exampleRecord.id,
				job: 'nightly',
				outcome: 'copied',
				bytes: 1234,
				durationMs: 20,
				sizeBytes: exampleRecord.sizeBytes,
				checksum: exampleRecord.checksum,
				record: exampleRecord,
			},
		},
	]);
	expect(failure).toBeUndefined();
});

test('a target with nothing to do says so', () => {
	expect(outcomesOf([target('a', { selected: 12, present: 12 })])).toEqual({
		outcomes: [
			{
				data: {
					target: 'a',
					place: 'volume "a"',
					id: null,
					job: null,
					selected: 12,
					present: 12,
					repositoryCreated: false,
					outcome: 'nothing to do',
				},
			},
		],
		failure: undefined,
		hints: [],
	});
});

test('failures of archives and targets are counted and named; what went well stays', () => {
	const error = new BackupError('storage_unreachable', 'no answer', { hint: 'wait' });
	const { outcomes, failure, hints } = outcomesOf([
		target('a', { results: [copied, failed], hints: ['needs a key'] }),
		target('b', { error, results: [copied] }),
	]);
	expect(outcomes.map((outcome) => outcome.failure?.code)).toEqual([
		undefined,
		'checksum_mismatch',
		undefined,
		'storage_unreachable',
	]);
	expect(failure).toMatchObject({
		code: 'checksum_mismatch',
		hint: 'look',
		message: `2 of 4 copies failed: ${exampleRecord.id} to volume "a": checksum mismatch; volume "b": no answer`,
	});
	expect(hints).toEqual(['needs a key']);
});

test('of a single one, the failure is its own', () => {
	const { failure } = outcomesOf([target('a', { results: [failed] })]);
	expect(failure).toMatchObject({ code: 'checksum_mismatch', message: 'checksum mismatch', hint: 'look' });
});
