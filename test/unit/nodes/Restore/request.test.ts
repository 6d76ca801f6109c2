import { restoreRequest } from '../../../../nodes/Restore/request';
import { fieldsIn } from '../../../../nodes/shared/fields';

const id = 'nightly-20260131T030000Z-1f2e';
const panel = {
	select: 'id',
	record: { __rl: true, mode: 'list', value: id },
	volumesBy: 'all',
	target: 'affixed',
	prefix: '',
	suffix: '-restored',
	options: {},
};
const request = (changes: object = {}) => restoreRequest(fieldsIn({ ...panel, ...changes }, 'panel'));

test('the panel as it is at first', () => {
	const { nameFor, ...rest } = request();
	expect(rest).toEqual({
		selection: { by: 'id', id },
		volumes: [],
		allowUnsigned: false,
		paths: [],
		into: '',
		salvage: false,
		dryRun: false,
		recreate: 'original',
	});
	expect(nameFor('app')).toBe('app-restored');
});

test.each([
	[{ record: id }, { selection: { by: 'id', id } }],
	[{ select: 'latest', job: 'nightly' }, { selection: { by: 'latest', job: 'nightly' } }],
	[
		{ select: 'latest', job: 'nightly', options: { series: 'volume:app' } },
		{ selection: { by: 'latest', job: 'nightly', series: 'volume:app' } },
	],
	[{ volumesBy: 'list', volumes: ['app'] }, { volumes: ['app'] }],
	[{ volumesBy: 'name', volumeNames: 'app,db' }, { volumes: ['app', 'db'] }],
	[{ options: { allowUnsigned: true } }, { allowUnsigned: true }],
	[{ options: { paths: 'a, b\n c/*.ini ' } }, { paths: ['a, b', 'c/*.ini'] }],
	[{ options: { into: '/restored/here', salvage: true } }, { into: 'restored/here', salvage: true }],
	[{ dryRun: true }, { dryRun: true }],
	[{ options: { recreate: 'never' } }, { recreate: 'never' }],
	[
		{ target: 'overwrite', confirm: 'app', stopContainers: true },
		{ overwrite: { confirm: 'app', stopContainers: true, wipeFirst: false } },
	],
	[
		{ target: 'overwrite', confirm: ' app', safetyBackupJob: ' safe ', options: { wipeFirst: true } },
		{
			overwrite: { confirm: ' app', stopContainers: false, wipeFirst: true, safetyBackupJob: 'safe' },
		},
	],
])('%j', (changes, expected) => {
	expect(request(changes)).toMatchObject(expected);
});

test('prefix and suffix', () => {
	expect(request({ prefix: 'test_', suffix: '' }).nameFor('app')).toBe('test_app');
	expect(request({ prefix: 'a-', suffix: '-z' }).nameFor('app')).toBe('a-app-z');
});

test('a name of its own is for one volume', () => {
	const { nameFor } = request({ target: 'named', newVolume: 'fresh' });
	expect(nameFor('app')).toBe('fresh');
	expect(nameFor('app')).toBe('fresh');
	expect(() => nameFor('db')).toThrow(
		expect.objectContaining({
			code: 'invalid_parameter',
			message: '"app" and "db" can\'t both become volume "fresh"',
		}),
	);
});

test.each([
	[{ record: '' }],
	[{ select: 'latest', job: '' }],
	[{ volumesBy: 'list', volumes: [] }],
	[{ volumesBy: 'name', volumeNames: ' , ' }],
	[{ prefix: '', suffix: '' }],
	[{ target: 'named', newVolume: '' }],
	[{ target: 'elsewhere' }],
])('%j is refused', (changes) => {
	expect(() => request(changes)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});

test('an overwrite goes over the volume of the same name, or the one that is named', () => {
	expect(request({ target: 'overwrite', confirm: 'app' }).nameFor('app')).toBe('app');
	expect(request({ target: 'overwrite', confirm: 'x', existingVolume: 'other' }).nameFor('app')).toBe(
		'other',
	);
});

test('without Overwrite chosen, what was typed for it means nothing', () => {
	expect(request({ confirm: 'app', options: { wipeFirst: true } }).overwrite).toBeUndefined();
});
