import { damageAmong, report } from '../../../../cli/verbs/doctor';
import { failureOf } from '../../../../cli/verbs/delete';
import type { RepositoryFinding } from '../../../../operations/index';

const finding = (type: RepositoryFinding['type'], key: string, adoptable = false): RepositoryFinding => ({
	type,
	key,
	job: 'nightly',
	id: null,
	size: type === 'missing_object' ? null : 1234,
	message: `${key} means this`,
	adoptable,
});

test('the report', () => {
	expect(report([])).toBe('nothing found that is not as it should be\n');
	expect(report([finding('missing_object', 'jobs/a\x1b'), finding('unlisted_object', 'jobs/b', true)])).toBe(
		[
			'what             object         size  meaning',
			'missing object   jobs/a\\x1b        -  means this',
			'unlisted object  jobs/b      1.23 kB  means this',
			'doctor --adopt ID --job JOB makes a record for an archive that has none',
			'',
		].join('\n'),
	);
});

test.each([
	['stale_run', undefined],
	['unlisted_object', undefined],
	['foreign_object', undefined],
	['unfinished_delete', undefined],
	['unsigned_record', undefined],
	['missing_object', 'archive_missing'],
	['forged_record', 'record_forged'],
	['forged_fact', 'record_forged'],
	['unreadable_record', 'record_malformed'],
] as const)('%s: %s', (type, code) => {
	const error = damageAmong([finding('stale_run', 'x'), finding(type, 'k')]);
	expect(error?.code).toBe(code);
	if (error)
		expect([error.exitCode, error.message]).toEqual([3, 'a finding is damage, among them k: k means this']);
});

test('which failure a deletion ends with', () => {
	const done = { id: 'a', deleted: true, error: null, resumed: false };
	const held = { code: 'record_held', message: 'b is held', hint: null } as const;
	expect(failureOf([done])).toBeUndefined();
	expect(failureOf([{ ...done, deleted: false, error: held }])).toMatchObject({
		exitCode: 6,
		message: 'b is held',
	});
	expect(failureOf([done, { ...done, deleted: false, error: held }])).toMatchObject({
		exitCode: 6,
		message: '1 of 2 deletions failed, among them: b is held',
	});
});
