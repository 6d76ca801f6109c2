/**
 * What docs/N8N.md says of n8n's own volume when its database has a backup of its own: the rest of the volume, restored,
 * opens the credentials of that database, and nothing but its `config` does. n8n is stopped, so a plain copy of the
 * database and its log is a consistent one here.
 */
import { execFile } from 'node:child_process';
import {
	copyFileSync,
	existsSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { json, lab, mountpoint } from '../cli/lab';

const { directory, job: newJob, keyFile, volume, volumeName } = lab();
const bin = process.env['N8N_BIN'] ?? '';

/** n8n on this volume, as at `/home/node/.n8n`; no key in its environment. */
async function n8n(name: string, ...line: string[]): Promise<void> {
	const home = directory();
	symlinkSync(await mountpoint(name), join(home, '.n8n'));
	const env = { PATH: process.env['PATH'] ?? '', HOME: home, N8N_DIAGNOSTICS_ENABLED: 'false' };
	await promisify(execFile)(process.execPath, [bin, ...line], { env, maxBuffer: 64 << 20 });
}

test('the volume without its database, and the database, are an n8n again; without `config` they are not', async () => {
	const source = await volume('n8n-itself');
	const credential = { id: 'itselfCredential', name: 'Shop', type: 'httpBasicAuth' };
	const data = { user: 'shop', password: 'known to nobody else' };
	const file = join(directory(), 'credentials.json');
	writeFileSync(file, JSON.stringify([{ ...credential, data }]));
	await n8n(source, 'import:credentials', `--input=${file}`);
	const live = await mountpoint(source);

	const at = ['--repository', directory(), '--key-file', keyFile()];
	const job = newJob();
	await json(['backup', 'volume', source, '--exclude', 'database.sqlite*', '--job', job, ...at]);
	const restored = volumeName('n8n-itself-restored');
	await json(['restore', 'volume', '--job', job, '--to', restored, ...at]);
	const there = await mountpoint(restored);
	expect(existsSync(join(there, 'database.sqlite'))).toBe(false);
	for (const name of readdirSync(live).filter((each) => each.startsWith('database.sqlite'))) {
		copyFileSync(join(live, name), join(there, name));
	}

	const exported = join(directory(), 'exported.json');
	const read = () => n8n(restored, 'export:credentials', '--all', '--decrypted', `--output=${exported}`);
	await read();
	expect(JSON.parse(readFileSync(exported, 'utf8'))).toMatchObject([{ ...credential, data }]);

	rmSync(join(there, 'config'));
	rmSync(exported);
	await read().catch(() => undefined);
	expect(existsSync(exported) ? readFileSync(exported, 'utf8') : '').not.toContain(data.password);
});
