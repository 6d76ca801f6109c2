/**
 * What docs/N8N.md says of n8n on SQLite, as a whole, with an n8n that runs: a snapshot of its database and a backup of
 * the rest of its volume, then a new volume with both is that n8n again.
 */
import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { json, lab, until } from '../cli/lab';
import { credential, n8nOn } from './n8n-command';

const { directory, job: newJob, keyFile, volume, volumeName } = lab();

async function freePort(): Promise<string> {
	return await new Promise((resolve) => {
		const server = createServer().listen(0, '127.0.0.1', () => {
			const { port } = server.address() as AddressInfo;
			server.close(() => resolve(String(port)));
		});
	});
}

test('n8n on SQLite, backed up while it runs and restored to a new volume, opens its credentials', async () => {
	const source = await volume('n8n-on-sqlite');
	const n8n = await n8nOn(source, directory);
	await n8n.putCredential();
	const port = await freePort();
	const env = {
		...n8n.environment,
		N8N_PORT: port,
		N8N_LISTEN_ADDRESS: '127.0.0.1',
		N8N_RUNNERS_BROKER_PORT: await freePort(),
	};
	const at = ['--repository', directory(), '--key-file', keyFile()];
	const [database, files] = [newJob(), newJob()];
	const server = spawn(process.execPath, [process.env['N8N_BIN'] ?? '', 'start'], { env, stdio: 'ignore' });
	const ended = new Promise((resolve) => server.once('exit', resolve));
	try {
		await until('n8n to be ready', async () => {
			if (server.exitCode !== null) throw new Error(`n8n ended with ${server.exitCode}`);
			const ready = fetch(`http://127.0.0.1:${port}/healthz/readiness`);
			return await ready.then(({ ok }) => ok).catch(() => false);
		});
		const path = ['--path', 'database.sqlite'];
		await json(['backup', 'sqlite', '--volume', source, ...path, '--job', database, ...at]);
		await json(['backup', 'volume', source, '--exclude', 'database.sqlite*', '--job', files, ...at]);
	} finally {
		server.kill('SIGKILL');
		await ended;
	}

	const restored = volumeName('n8n-on-sqlite-restored');
	await json(['restore', 'volume', '--job', files, '--to', restored, ...at]);
	const swap = ['--path', 'database.sqlite', '--swap', '--confirm', 'database.sqlite'];
	await json(['restore', 'sqlite', '--job', database, '--volume', restored, ...swap, ...at]);
	const opened = await (await n8nOn(restored, directory)).credentials();
	expect(JSON.parse(opened)).toMatchObject([credential]);
});
