import { constants } from 'node:os';
import { BackupError } from '../../../../protocol/errors';
import {
	explain,
	joinSystemErrors,
	systemCode,
	systemError,
	type Verb,
} from '../../../../engine/repository/local-errors';
import { scratchDirectories } from '../../../fakes/directories';

const newDirectory = scratchDirectories();

describe('system errors in the words of the contract', () => {
	test.each<[string, Verb, string]>([
		['ENOSPC', 'write', 'repository_full'],
		['EROFS', 'write', 'repository_unwritable'],
		['EACCES', 'write', 'repository_unwritable'],
		['EPERM', 'delete', 'repository_unwritable'],
		['EACCES', 'read', 'storage_failed'],
		['EACCES', 'list', 'storage_failed'],
		['ENOENT', 'read', 'object_not_found'],
		['ENOENT', 'write', 'storage_failed'],
		['ENOTDIR', 'read', 'storage_failed'],
		['EIO', 'read', 'storage_failed'],
		['EIO', 'write', 'storage_failed'],
		['ELOOP', 'read', 'storage_failed'],
		['EFBIG', 'write', 'storage_failed'],
		['EMFILE', 'write', 'storage_failed'],
	])('%s on %s is %s, naming the object', async (code, verb, expected) => {
		const error = await explain(systemError(code, 'as the system says'), {
			verb,
			key: 'jobs/a/x',
			root: newDirectory(),
		});
		expect(error).toMatchObject({ code: expected, message: expect.stringContaining('jobs/a/x') });
	});

	it('knows the two errors that Node has no name for', async () => {
		const quota = Object.assign(new Error('unknown system error'), {
			code: `Unknown system error -${constants.errno.EDQUOT}`,
			errno: -constants.errno.EDQUOT,
		});
		const stale = Object.assign(new Error('unknown system error'), {
			code: `Unknown system error -${constants.errno.ESTALE}`,
			errno: -constants.errno.ESTALE,
		});
		const attempt = { verb: 'write', key: 'k', root: newDirectory() } as const;
		expect(await explain(quota, attempt)).toMatchObject({
			code: 'repository_full',
			message: expect.stringContaining('quota'),
		});
		expect(await explain(stale, attempt)).toMatchObject({ code: 'storage_failed' });
	});

	it('leaves what is not the system’s as it is', async () => {
		const attempt = { verb: 'read', key: 'k', root: newDirectory() } as const;
		const abort = Object.assign(new Error('aborted'), { name: 'AbortError', code: 'ABORT_ERR' });
		for (const error of [abort, new Error('x'), new BackupError('locked', 'x'), 'text', null, undefined, 7]) {
			expect(await explain(error, attempt)).toBe(error);
		}
	});

	it('joins a later failure without losing the first one’s code', () => {
		const full = systemError('ENOSPC', 'full');
		const late = systemError('EIO', 'broken');
		const joined = joinSystemErrors(full, late);
		expect(systemCode(joined)).toBe('ENOSPC');
		expect(joined).toMatchObject({ message: 'full (then, while cleaning up: broken)' });
		expect(joinSystemErrors(undefined, late)).toBe(late);
		expect(joinSystemErrors(full, undefined)).toBe(full);
		expect(joinSystemErrors(undefined, undefined)).toBeUndefined();
		expect(joinSystemErrors(new BackupError('locked', 'first'), late)).toMatchObject({ code: 'locked' });
	});
});
