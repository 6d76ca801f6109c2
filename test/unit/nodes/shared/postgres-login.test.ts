/** Known failure: saved passwords that go to a host which the workflow's data chose. */
import { fieldsIn } from '../../../../nodes/shared/fields';
import { postgresServer } from '../../../../nodes/shared/postgres-login';

const noCredential = () => Promise.reject(new Error('no credential is to be asked for'));
const login = { user: 'app', password: ' secret ', host: '127.0.0.1', port: 5433, container: '' };
const given = (data: object) => (type: string) =>
	type === 'postgresLoginApi' ? Promise.resolve(data) : noCredential();
const panel = (parameters: object) => fieldsIn({ container: 'db', ...parameters }, 'panel');

test("as the container's own user nothing but a user and a port is taken from options", async () => {
	const server = (parameters: object) =>
		postgresServer(panel({ logInAs: 'container', ...parameters }), noCredential);
	const own = { container: 'db', user: null, password: null, host: null, port: null };
	expect(await server({})).toEqual(own);
	expect(await server({ container: { __rl: true, mode: 'list', value: 'db' } })).toEqual(own);
	expect(await server({ options: { user: 'app', port: 5433 } })).toEqual({ ...own, user: 'app', port: 5433 });
	expect(await server({ password: 'x', host: 'elsewhere', options: { password: 'x', host: 'y' } })).toEqual(
		own,
	);
});

test('with a credential all of the login is its own, whatever the parameters say', async () => {
	const parameters = panel({
		logInAs: 'credential',
		user: 'other',
		host: 'evil.example',
		options: { user: 'other', host: 'evil.example', port: 1 },
	});
	expect(await postgresServer(parameters, given(login))).toEqual({
		container: 'db',
		user: 'app',
		password: ' secret ',
		host: '127.0.0.1',
		port: 5433,
	});
});

test('what the credential leaves empty is the default of the container', async () => {
	const empty = { user: '', password: '', host: '', port: 0, container: '' };
	expect(await postgresServer(panel({ logInAs: 'credential' }), given(empty))).toEqual({
		container: 'db',
		user: null,
		password: null,
		host: null,
		port: null,
	});
});

test('a credential for one container is refused for any other', async () => {
	const bound = given({ ...login, container: 'shop-db' });
	await expect(postgresServer(panel({ logInAs: 'credential' }), bound)).rejects.toMatchObject({
		code: 'invalid_parameter',
		message: 'the Postgres Login credential is for container "shop-db" only, not for "db"',
	});
	expect(await postgresServer(panel({ logInAs: 'credential', container: 'shop-db' }), bound)).toMatchObject({
		container: 'shop-db',
		password: ' secret ',
	});
});

test.each([
	[{ container: '' }, login],
	[{ logInAs: 'somebody' }, login],
	[{ logInAs: 'container', options: { port: 65_536 } }, login],
	[{ logInAs: 'container', options: { port: 'x' } }, login],
	[{}, { ...login, port: 65_536 }],
	[{}, { ...login, port: -1 }],
	[{}, { ...login, password: ['x'] }],
])('%j with %j is refused, and no secret shown', async (parameters, data) => {
	const refused = postgresServer(panel({ logInAs: 'credential', ...parameters }), given(data));
	await expect(refused).rejects.toMatchObject({
		code: 'invalid_parameter',
		message: expect.not.stringContaining('secret'),
	});
});
