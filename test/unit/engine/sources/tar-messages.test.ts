import { readTarMessage } from '../../../../engine/sources/tar-messages';

test.each([
	['tar: volumes/v/log: file changed as we read it', 'file_changed', 'warning', 'volumes/v/log'],
	['tar: volumes/v/a: b: File removed before we read it', 'file_vanished', 'warning', 'volumes/v/a: b'],
	['tar: volumes/v/x: Cannot stat: No such file or directory', 'file_vanished', 'warning', 'volumes/v/x'],
	['tar: volumes/v/x: File shrank by 12 bytes; padding with zeros', 'file_changed', 'warning', 'volumes/v/x'],
	['tar: volumes/v/s: socket ignored', 'socket_skipped', 'warning', 'volumes/v/s'],
	[
		'tar: volumes/v/x: Warning: Cannot llistxattrat: Operation not supported',
		'attribute_lost',
		'warning',
		'volumes/v/x',
	],
	[
		"tar: setxattrat: Cannot set 'security.capability' extended attribute for file 'volumes/v/x': Operation not permitted",
		'attribute_lost',
		'warning',
		'volumes/v/x',
	],
	[
		'tar: volumes/v/x: Warning: Cannot acl_get_file: Input/output error',
		'attribute_lost',
		'warning',
		'volumes/v/x',
	],
	['tar: volumes/v/x: Cannot open: Permission denied', 'unreadable', 'failure', 'volumes/v/x'],
	[
		'tar: volumes/v/x: Read error at byte 0, while reading 512 bytes: Input/output error',
		'unreadable',
		'failure',
		null,
	],
	['tar: something nobody has seen', 'unreadable', 'failure', null],
	['tar: Exiting with failure status due to previous errors', 'summary', 'ignore', null],
])('%s', (line, code, severity, path) => {
	expect(readTarMessage(line)).toEqual({ code, severity, path, message: line.slice('tar: '.length) });
});

test('an empty line says nothing', () => {
	expect(readTarMessage('  ')).toBeUndefined();
});
