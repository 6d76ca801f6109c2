import { connectionArguments, environmentFor } from '../../../../operations/postgres/login';

const server = { container: 'db', user: null, password: null, host: null, port: null };

test.each([
	['by its socket, at its own port', {}, {}, 'app', ['--port=5432', '--username=app']],
	['at the port that its server has', {}, { PGPORT: '6000' }, 'app', ['--port=6000', '--username=app']],
	[
		'at the port that is chosen',
		{ port: 7000 },
		{ PGPORT: '6000' },
		'app',
		['--port=7000', '--username=app'],
	],
	[
		'at another host',
		{ host: '127.0.0.1' },
		{},
		'a b',
		['--host=127.0.0.1', '--port=5432', '--username=a b'],
	],
	['an empty port is none', {}, { PGPORT: '' }, 'app', ['--port=5432', '--username=app']],
])('a server is reached %s', (_, changes, inContainer, user, expected) => {
	expect(connectionArguments({ ...server, ...changes }, inContainer, user)).toEqual(expected);
});

const always = { PGAPPNAME: 'docker-backup', PGCONNECT_TIMEOUT: '15', LC_ALL: 'C' };
test.each([
	['nothing of the container is in the way', {}, {}, {}],
	['the password is there', { password: 'secret' }, {}, { PGPASSWORD: 'secret' }],
	['an empty password is one', { password: '' }, {}, { PGPASSWORD: '' }],
	['a host of the container is put aside', {}, { PGHOST: 'elsewhere' }, { PGHOST: '' }],
	['a folder of sockets is kept', {}, { PGHOST: '/run/pg' }, {}],
	['a host that was chosen goes by the arguments', { host: 'x' }, { PGHOST: 'elsewhere' }, {}],
	[
		'options and encodings are put aside',
		{},
		{ PGOPTIONS: '-c a=b', PGCLIENTENCODING: 'LATIN1' },
		{ PGOPTIONS: '', PGCLIENTENCODING: '' },
	],
])('in the environment of the tools %s', (_, changes, inContainer, expected) => {
	expect(environmentFor({ ...server, ...changes }, inContainer)).toEqual({ ...always, ...expected });
});
