/**
 * What docs/N8N.md says of n8n's own volume when its database has a backup of its own: the rest of the volume, restored,
 * opens the credentials of that database, and nothing but its `config` does. n8n is stopped, so a plain copy of the
 * database and its log is a consistent one here.
 */
import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { json, lab, mountpoint } from '../cli/lab';
import { credential, n8nOn } from './n8n-command';

const { directory, job: newJob, keyFile, volume, volumeName } = lab();

test('the volume without its database, and the database, are an n8n again; without `config` they are not', async () => {
	const source = await volume('n8n-itself');
	await (await n8nOn(source, directory)).putCredential();
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

	const n8n = await n8nOn(restored, directory);
	expect(JSON.parse(await n8n.credentials())).toMatchObject([credential]);

	rmSync(join(there, 'config'));
	expect(await n8n.credentials()).not.toContain(credential.data.password);
});
