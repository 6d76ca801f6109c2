import { ExpressionError } from 'n8n-workflow';
import { nodeError } from '../../../../nodes/shared/node-error';
import { BackupError, toBackupError } from '../../../../operations/index';
import { execution } from '../execution';

const { node } = execution();

test('message, hint, code and item', () => {
	const failure = new BackupError('volume_not_found', 'volume "app" does not exist', {
		hint: 'Check the name.',
	});
	const error = nodeError(node, failure, 3);
	expect(error.name).toBe('NodeOperationError');
	expect(error.message).toBe('volume "app" does not exist');
	expect(error).toMatchObject({ description: 'Check the name. (volume_not_found)' });
	expect(error.context).toMatchObject({ itemIndex: 3, code: 'volume_not_found' });
});

test('without a hint the code stands alone', () => {
	expect(nodeError(node, new BackupError('unexpected', 'odd'), 0)).toMatchObject({
		description: '(unexpected)',
	});
});

test.each(['EACCES: permission denied, open "/x"', 'getaddrinfo ENOTFOUND docker1', 'job "eperm" is odd'])(
	"n8n's general words do not take the place of %j",
	(message) => {
		expect(nodeError(node, new BackupError('storage_failed', message), 0).message).toBe(message);
	},
);

test('what n8n itself threw stays what it is', () => {
	const thrown = new ExpressionError('no path back to referenced node');
	expect(nodeError(node, toBackupError(thrown), 0)).toBe(thrown);
});
