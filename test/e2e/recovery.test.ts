/**
 * What is restored of n8n's own volume is an n8n: its key from the file `config` opens its credentials, and it starts.
 * n8n runs as it would in its container, with the volume at `<home>/.n8n`.
 */
import { execFile, spawn } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeTree, diffTrees } from '../trees/odd-tree';
import { docker, json, lab, mountpoint, until } from '../integration/cli/lab';

const bin = process.env['N8N_BIN'] ?? '';
const { directory, job: newJob, keyFile, volume, volumeName } = lab();

/** n8n's environment in a home whose `.n8n` is this volume; no key in it: that is in the volume. */
async function homeOn(name: string): Promise<Record<string, string>> {
	const home = directory();
	symlinkSync(await mountpoint(name), join(home, '.n8n'));
	return {
		PATH: process.env['PATH'] ?? '',
		HOME: home,
		N8N_PORT: String(await freePort()),
		N8N_LISTEN_ADDRESS: '127.0.0.1',
		N8N_RUNNERS_BROKER_PORT: String(await freePort()),
		N8N_DIAGNOSTICS_ENABLED: 'false',
		N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
		N8N_TEMPLATES_ENABLED: 'false',
	};
}

async function freePort(): Promise<number> {
	return await new Promise((resolve) => {
		const server = createServer().listen(0, '127.0.0.1', () => {
			const { port } = server.address() as AddressInfo;
			server.close(() => resolve(port));
		});
	});
}

const n8n = (env: Record<string, string>, ...line: string[]) =>
	promisify(execFile)(process.execPath, [bin, ...line], { env, maxBuffer: 64 << 20 });

test("n8n's own volume, restored, is n8n again", async () => {
	const source = await volume('n8n');
	const before = await homeOn(source);
	const secret = { id: 'recoveryCredent1', name: 'Shop', type: 'httpBasicAuth' };
	const data = { user: 'shop', password: 'known to nobody else' };
	const file = join(directory(), 'credentials.json');
	writeFileSync(file, JSON.stringify([{ ...secret, data }]));
	await n8n(before, 'import:credentials', `--input=${file}`);
	expect(readFileSync(join(await mountpoint(source), 'database.sqlite')).includes(data.password)).toBe(false);
	const was = describeTree(await mountpoint(source));

	const at = ['--repository', directory(), '--key-file', keyFile()];
	const job = newJob();
	await json(['backup', 'volume', source, '--job', job, ...at]);
	await docker('volume', 'rm', source);

	const restored = volumeName('n8n-restored');
	await json(['restore', 'volume', '--job', job, '--to', restored, ...at]);
	expect(diffTrees(was, describeTree(await mountpoint(restored)))).toEqual([]);
	const after = await homeOn(restored);
	const exported = join(directory(), 'exported.json');
	await n8n(after, 'export:credentials', '--all', '--decrypted', `--output=${exported}`);
	expect(JSON.parse(readFileSync(exported, 'utf8'))).toMatchObject([{ ...secret, data }]);
	// As docs/RECOVERY.md has it for those who want to look around first.
	await n8n(after, 'unpublish:workflow', '--all');
	await startsOn(after);
});

async function startsOn(env: Record<string, string>): Promise<void> {
	const server = spawn(process.execPath, [bin, 'start'], { env, stdio: ['ignore', 'ignore', 'ignore'] });
	const ended = new Promise((resolve) => server.once('exit', resolve));
	try {
		await until('the restored n8n to be ready', async () => {
			if (server.exitCode !== null) throw new Error(`n8n ended with ${server.exitCode}`);
			const ready = fetch(`http://127.0.0.1:${env['N8N_PORT']}/healthz/readiness`);
			return await ready.then(({ ok }) => ok).catch(() => false);
		});
	} finally {
		server.kill('SIGKILL');
		await ended;
	}
}
