import { outcomesOf } from '../../../../nodes/shared/backup-outcomes';
import { exampleRecord, failedRecord } from '../example-record';

test('a success: the flat record, and whether the repository is new', () => {
	const { outcomes, failure, hints } = outcomesOf({ records: [exampleRecord], repositoryCreated: true });
	expect(outcomes).toEqual([{ data: { ...exampleRecord, repositoryCreated: true } }]);
	expect(failure).toBeUndefined();
	expect(hints).toEqual([]);
});

test('one archive that failed: its own error', () => {
	const record = failedRecord('a', "app/x can't be read");
	const { outcomes, failure } = outcomesOf({ records: [record], repositoryCreated: false });
	expect(outcomes[0]?.data).toMatchObject({ id: 'a', status: 'failed' });
	expect(outcomes[0]?.failure).toMatchObject({
		code: 'source_unreadable',
		message: "app/x can't be read",
		hint: 'Look at the disk.',
	});
	expect(failure).toMatchObject({
		code: 'source_unreadable',
		message: "app/x can't be read",
		hint: 'Look at the disk.',
	});
});

test('some of several failed: all are named, and that the others are kept', () => {
	const records = [failedRecord('a', 'one'), exampleRecord, failedRecord('c', 'three')];
	const { outcomes, failure } = outcomesOf({ records, repositoryCreated: false });
	expect(outcomes.map((outcome) => outcome.failure?.message)).toEqual(['one', undefined, 'three']);
	expect(failure).toMatchObject({
		code: 'source_unreadable',
		message: '2 of 3 archives failed: a: one; c: three',
		hint: 'Look at the disk. The others are in the repository.',
	});
});

test('all of several failed: nothing is said of others', () => {
	const records = [failedRecord('a', 'one'), failedRecord('b', 'two')];
	expect(outcomesOf({ records, repositoryCreated: false }).failure).toMatchObject({
		message: '2 of 2 archives failed: a: one; b: two',
		hint: 'Look at the disk.',
	});
});

test('warnings show, counted', () => {
	const warning = { code: 'file_changed', message: 'app/log changed while it was read', path: 'app/log' };
	const withWarnings = (count: number, warningsOmitted = 0) =>
		outcomesOf({
			records: [
				{ ...exampleRecord, id: 'x', warnings: Array<typeof warning>(count).fill(warning), warningsOmitted },
			],
			repositoryCreated: false,
		}).hints;
	expect(withWarnings(1)).toEqual(['x has a warning: app/log changed while it was read']);
	expect(withWarnings(2, 5)).toEqual(['x has 7 warnings: app/log changed while it was read']);
});
