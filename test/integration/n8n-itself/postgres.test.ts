/**
 * What docs/N8N.md says of n8n on Postgres, as a whole: a dump and a backup of the volume, then a new server with an
 * empty database and a new volume are that n8n again, and open its credentials with the key of the volume.
 */
import { docker, json, lab } from '../cli/lab';
import { postgresLab, type TestServer } from '../postgres/lab';
import { credential, n8nOn } from './n8n-command';

const { directory, job: newJob, keyFile, volume, volumeName } = lab();
const postgres = postgresLab();

async function databaseOf({ container, password }: TestServer): Promise<Record<string, string>> {
	const address = await docker(
		...['inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', container],
	);
	return {
		DB_TYPE: 'postgresdb',
		DB_POSTGRESDB_HOST: address,
		DB_POSTGRESDB_DATABASE: 'n8n',
		DB_POSTGRESDB_USER: 'postgres',
		DB_POSTGRESDB_PASSWORD: password,
	};
}

test('n8n on Postgres, restored to a new server and a new volume, opens its credentials', async () => {
	const server = await postgres.start(17);
	await server.create('n8n');
	const source = await volume('n8n-on-postgres');
	await (await n8nOn(source, directory, await databaseOf(server))).putCredential();

	const at = ['--repository', directory(), '--key-file', keyFile()];
	const [database, files] = [newJob(), newJob()];
	const on = ['--container', server.container];
	await json(['backup', 'postgres', ...on, '--database', 'n8n', '--job', database, ...at], 0, {
		PGPASSWORD: server.password,
	});
	await json(['backup', 'volume', source, '--job', files, ...at]);
	await docker('rm', '-f', '-v', server.container);

	const restored = volumeName('n8n-on-postgres-restored');
	await json(['restore', 'volume', '--job', files, '--to', restored, ...at]);
	const next = await postgres.start(17);
	await next.create('n8n');
	const swap = ['--to', 'n8n', '--swap', '--drop-previous', '--confirm', 'n8n'];
	await json(['restore', 'postgres', '--job', database, '--container', next.container, ...swap, ...at], 0, {
		PGPASSWORD: next.password,
	});
	const environment = await databaseOf(next);
	const opened = await (await n8nOn(restored, directory, environment)).credentials();
	expect(JSON.parse(opened)).toMatchObject([credential]);

	// With another volume n8n makes a new key, which opens nothing.
	const empty = await volume('n8n-without-key');
	const closed = await (await n8nOn(empty, directory, environment)).credentials();
	expect(closed).not.toContain(credential.data.password);
});
