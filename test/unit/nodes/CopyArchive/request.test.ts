import { chosenTargets, copyRequest } from '../../../../nodes/CopyArchive/request';
import { fieldsIn } from '../../../../nodes/shared/fields';

const request = (parameters: object) => copyRequest(fieldsIn(parameters, 'parameters'));

test.each([
	[{ select: 'missing' }, { by: 'missing', job: null }],
	[
		{ select: 'missing', job: { __rl: true, mode: 'list', value: '' } },
		{ by: 'missing', job: null },
	],
	[
		{ select: 'missing', job: 'nightly' },
		{ by: 'missing', job: 'nightly' },
	],
	[
		{ select: 'latest', job: 'nightly' },
		{ by: 'latest', job: 'nightly' },
	],
	[
		{ select: 'latest', job: 'nightly', options: { series: 'volume:a' } },
		{ by: 'latest', job: 'nightly', series: 'volume:a' },
	],
	[
		{ select: 'id', record: 'x' },
		{ by: 'id', id: 'x' },
	],
])('%j', (parameters, selection) => {
	expect(request(parameters)).toEqual({ selection, readBack: false, lockWaitMs: 0 });
});

test('options', () => {
	expect(request({ select: 'missing', readBack: true, options: { lockWait: 30 } })).toMatchObject({
		readBack: true,
		lockWaitMs: 30_000,
	});
});

test.each([
	{ select: 'latest' },
	{ select: 'id', record: ' ' },
	{ select: 'all' },
	{ select: 'missing', readBack: 'no' },
])('refused: %j', (parameters) => {
	expect(() => request(parameters)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }) as Error);
});

test.each([
	[1, ['backupTargetApi']],
	[2, ['backupTargetApi', 'backupSecondTargetApi']],
	[3, ['backupTargetApi', 'backupSecondTargetApi', 'backupThirdTargetApi']],
])('%d targets', (targets, types) => {
	expect(chosenTargets(fieldsIn({ targets }, 'parameters'))).toEqual(types);
});
