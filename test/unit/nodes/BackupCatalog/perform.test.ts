import { failureOf } from '../../../../nodes/BackupCatalog/perform';
import { BackupError } from '../../../../operations/index';

const good = { data: { id: 'a' } };
const bad = (id: string) => ({
	data: { id },
	failure: new BackupError('record_held', `${id} is held`, { hint: 'Release it.' }),
});

test('one error for several deletions', () => {
	expect(failureOf([good, good])).toBeUndefined();
	expect(failureOf([bad('a')])).toMatchObject({ message: 'a is held', code: 'record_held' });
	expect(failureOf([good, bad('b'), bad('c')])).toMatchObject({
		message: '2 of 3 failed: b is held; c is held',
		code: 'record_held',
		hint: 'Release it.',
	});
});
