import { errorDocument, errorLines, errorOfRecord } from '../../../../cli/output/errors';
import { BackupError } from '../../../../operations/index';
import { failedRecord } from '../../../fakes/record';

const plain = new BackupError('volume_not_found', 'volume "x\u001b" does not exist');
const hinted = new BackupError('usage', 'no', { hint: 'Yes.' });

test('lines for people', () => {
	expect(errorLines(plain)).toBe('error: volume "x\\x1b" does not exist\n');
	expect(errorLines(hinted, 'docker-backup x')).toBe('error: no\nhint: Yes.\nusage: docker-backup x\n');
});

test('the object for programs', () => {
	expect(errorDocument(plain)).toEqual({ code: 'volume_not_found', message: plain.message, hint: null });
	expect(errorDocument(plain, 'u')).toMatchObject({ hint: 'usage: u' });
	expect(errorDocument(hinted, 'u')).toMatchObject({ hint: 'Yes.' });
});

test('the error of a failed record keeps its code, and so its exit code', () => {
	const error = errorOfRecord(
		failedRecord({ error: { code: 'repository_full', message: 'no space left', hint: 'Free some.' } }),
	);
	expect(error).toMatchObject({ code: 'repository_full', exitCode: 8, hint: 'Free some.' });
	expect(error.message).toBe('nightly-20260131T030000Z-1f2e: no space left');
});
