import { backUpRequest } from '../../../../nodes/BackupVolume/request';
import { fieldsIn } from '../../../../nodes/shared/fields';
import { noQuiesce } from '../../../../operations';

const panel = {
	job: 'nightly',
	volumesBy: 'list',
	volumes: ['app', 'db'],
	archive: 'one',
	encrypt: true,
	compression: 'zstd',
	compressionLevel: 1,
	options: {},
};
const request = (changes: object = {}) => backUpRequest(fieldsIn({ ...panel, ...changes }, 'panel'));

test('the panel as it is at first', () => {
	expect(request()).toEqual({
		job: 'nightly',
		volumes: ['app', 'db'],
		directories: [],
		separate: false,
		exclude: [],
		compression: { algorithm: 'zstd', level: 1 },
		encrypt: true,
		tags: [],
		lockWaitMs: 0,
		quiesce: noQuiesce,
	});
});

test.each([
	[{ volumesBy: 'name', volumeNames: 'app, db' }, { volumes: ['app', 'db'] }],
	[{ volumesBy: 'name', volumeNames: ['x'] }, { volumes: ['x'] }],
	[{ volumes: 'from an expression' }, { volumes: ['from an expression'] }],
	[{ volumes: [] }, { volumes: [] }],
	[
		{ volumesBy: 'label', labels: 'docker-backup.enable=true, tier', except: '*_cache' },
		{
			volumes: { by: 'label', labels: ['docker-backup.enable=true', 'tier'], except: ['*_cache'] },
			directories: [],
		},
	],
	[
		{ volumesBy: 'project', projects: ['shop'] },
		{ volumes: { by: 'project', projects: ['shop'], except: [] } },
	],
	[{ volumesBy: 'all', except: ['a', 'b'] }, { volumes: { by: 'all', except: ['a', 'b'] } }],
	[
		{ volumesBy: 'none', directories: '/srv/a\n/srv/b, c' },
		{ volumes: [], directories: ['/srv/a', '/srv/b, c'] },
	],
	[{ options: { hostDirectories: '/srv/a' } }, { volumes: ['app', 'db'], directories: ['/srv/a'] }],
	[
		{ volumesBy: 'none', directories: ['/srv/a'], options: { hostDirectories: '/left/over' } },
		{ directories: ['/srv/a'] },
	],
	[{ archive: 'perVolume' }, { separate: true }],
	[{ encrypt: false }, { encrypt: false }],
	[{ compression: 'none', compressionLevel: null }, { compression: { algorithm: 'none', level: null } }],
	[{ compressionLevel: 19 }, { compression: { algorithm: 'zstd', level: 19 } }],
	[{ options: { exclude: ['*/cache/*', ''] } }, { exclude: ['*/cache/*'] }],
	[{ options: { tags: 'a, b' } }, { tags: ['a', 'b'] }],
	[{ options: { lockWait: 90 } }, { lockWaitMs: 90_000 }],
])('%j', (changes, expected) => {
	expect(request(changes)).toMatchObject(expected);
});

test.each([
	[{ job: '' }],
	[{ job: '  ' }],
	[{ archive: 'two' }],
	[{ volumesBy: 'size' }],
	[{ volumesBy: 'none', directories: ' ' }],
	[{ compression: 'gzip' }],
	[{ compressionLevel: 0 }],
	[{ compressionLevel: 1.5 }],
	[{ options: { lockWait: -1 } }],
	[{ volumes: [{ name: 'app' }] }],
	[{ encrypt: 'yes' }],
])('%j is refused', (changes) => {
	expect(() => request(changes)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});
