import { runInNewContext } from 'node:vm';
import { BackupError, errorCodes, exitCodes, joinErrors, toBackupError } from '../../../protocol/errors';

test('every code has an exit code, and no two classes share one', () => {
	for (const code of Object.keys(errorCodes) as (keyof typeof errorCodes)[]) {
		expect(new BackupError(code, 'x').exitCode).toBeGreaterThan(0);
	}
	expect(new Set(Object.values(exitCodes)).size).toBe(Object.keys(exitCodes).length);
});

test.each([
	['a foreseen one', new BackupError('locked', 'm'), 'locked', 'm'],
	['an unforeseen one', new TypeError('m'), 'unexpected', 'm'],
	['one of another realm', runInNewContext('new Error("m")'), 'unexpected', 'm'],
	[
		'an abort',
		Object.assign(new Error('gone'), { name: 'AbortError' }),
		'cancelled',
		'the operation was cancelled',
	],
	['a text', 'm', 'unexpected', 'm'],
	['nothing', undefined, 'unexpected', 'undefined'],
])('%s becomes a BackupError', (_what, thrown, code, message) => {
	expect(toBackupError(thrown)).toMatchObject({ code, message });
});

test('a clean-up that fails too joins the first failure and does not hide it', () => {
	const first = new BackupError('target_full', 'no room', { hint: 'make some' });
	expect(joinErrors(first, undefined)).toBe(first);
	expect(joinErrors(undefined, first)).toBe(first);
	expect(joinErrors(first, new Error('nor that'))).toMatchObject({
		code: 'target_full',
		message: 'no room (then, while cleaning up: nor that)',
		hint: 'make some',
	});
});
