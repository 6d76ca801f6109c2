import { parseLocation } from '../../../../cli/flags/repository';

test.each([
	['/srv/backups', { type: 'directory', path: '/srv/backups' }],
	['/srv/backups/', { type: 'directory', path: '/srv/backups' }],
	['backups', { type: 'directory', path: '/here/backups' }],
	['../backups', { type: 'directory', path: '/backups' }],
	['.', { type: 'directory', path: '/here' }],
	['./volume:x', { type: 'directory', path: '/here/volume:x' }],
	['Volume:x', { type: 'directory', path: '/here/Volume:x' }],
	['volume:backups', { type: 'volume', name: 'backups' }],
	['volume:a:b', { type: 'volume', name: 'a:b' }],
])('%s', (text, location) => {
	expect(parseLocation(text, '/here')).toEqual(location);
});

test.each([
	['sftp://host/path', 'sftp:// is no kind of repository'],
	['volume:', '"volume:" names no Docker volume'],
	['volume:a/b', '"volume:a/b" names no Docker volume'],
])('%s is refused', (text, message) => {
	expect(() => parseLocation(text, '/here')).toThrow(
		expect.objectContaining({ code: 'usage', message }) as Error,
	);
});
