/**
 * A directory on real file systems that refuse: full, read-only, without permission, out of inodes. Needs
 * root, to mount small tmpfs file systems and to become another user.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { acquireLease } from '../../../../engine/repository/lease';
import { createLocalStorage } from '../../../../engine/repository/local-storage';
import { describeStorage, bytesOf, collect, keysOf } from '../../../conformance/storage';
import { fakeClock } from '../../../fakes/clock';
import { scratchDirectories } from '../../../fakes/directories';
import { testProgram } from '../../../processes/process';
import type { Answer, Command } from '../../../processes/repository-process';

const start = testProgram('repository-process.ts');
const nobody = 65534;

const mounts: string[] = [];
// Before the directories are removed: these hooks run in the order of their making.
afterAll(() => {
	for (const directory of mounts) execFileSync('umount', [directory]);
});
const newDirectory = scratchDirectories();

function mountTmpfs(options: string): string {
	const directory = newDirectory();
	execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'docker-backup-test', directory]);
	mounts.push(directory);
	return directory;
}

describeStorage('a directory on tmpfs', async () => createLocalStorage(mountTmpfs('size=64m')));

describe('a full disk', () => {
	it('fails a write at the latest when it is sealed, leaves nothing, and takes the next backup once there is room', async () => {
		const root = mountTmpfs('size=4m');
		const storage = createLocalStorage(root);
		writeFileSync(join(root, '.ballast'), Buffer.alloc(3 << 20));
		const writer = await storage.create('jobs/a/x.tar');
		const write = async () => {
			for (let n = 0; n < 4; n += 1) await writer.write(bytesOf(1 << 20, n));
			await writer.seal();
		};
		await expect(write()).rejects.toMatchObject({
			code: 'repository_full',
			message: expect.stringContaining('jobs/a/x.tar'),
			hint: expect.stringContaining('space'),
		});
		await expect(writer.publish()).rejects.toMatchObject({ code: 'unexpected' });
		await writer.abort();
		expect(readdirSync(join(root, 'jobs/a'))).toEqual([]);

		writeFileSync(join(root, '.ballast'), '');
		const again = await storage.create('jobs/a/x.tar');
		for (let n = 0; n < 3; n += 1) await again.write(bytesOf(1 << 20, n));
		await again.seal();
		await again.publish();
		expect((await collect(storage.get('jobs/a/x.tar'))).length).toBe(3 << 20);
	});

	it('tells of the one chunk that was written behind, even if nothing follows it', async () => {
		const root = mountTmpfs('size=1m');
		const writer = await createLocalStorage(root).create('x');
		await writer.write(bytesOf(2 << 20));
		await expect(writer.seal()).rejects.toMatchObject({ code: 'repository_full' });
		execFileSync('mount', ['-o', 'remount,size=8m', root]);
		// What failed once stays failed: the bytes are gone, however much room there is now.
		await expect(writer.seal()).rejects.toMatchObject({ code: 'repository_full' });
		await expect(writer.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'repository_full' });
		await writer.abort();
	});

	it('leaves no torn small object', async () => {
		const root = mountTmpfs('size=1m');
		const storage = createLocalStorage(root);
		await storage.put('first', bytesOf(900 << 10));
		await expect(storage.put('second', bytesOf(900 << 10))).rejects.toMatchObject({
			code: 'repository_full',
		});
		expect(readdirSync(root)).toEqual(['first']);
	});

	it('without inodes is full too', async () => {
		const root = mountTmpfs('size=1m,nr_inodes=4');
		const storage = createLocalStorage(root);
		await expect(storage.put('a/b/c/d/e/f', Buffer.from('x'))).rejects.toMatchObject({
			code: 'repository_full',
		});
		expect(statfsSync(root).ffree).toBe(0);
	});

	it('refuses a lease with that error, not with a lock', async () => {
		const root = mountTmpfs('size=1m');
		const storage = createLocalStorage(root);
		const free = statfsSync(root);
		writeFileSync(join(root, '.ballast'), Buffer.alloc(free.bavail * free.bsize));
		const options = { runId: 'a', host: 'h', waitMs: 0, clock: fakeClock() };
		await expect(acquireLease(storage, 'a', options)).rejects.toMatchObject({ code: 'repository_full' });
		writeFileSync(join(root, '.ballast'), '');
		const lease = await acquireLease(storage, 'a', options);
		await lease.release();
	});
});

describe('a read-only file system', () => {
	it('refuses what writes and serves what reads', async () => {
		const root = mountTmpfs('size=1m');
		const storage = createLocalStorage(root);
		await storage.put('jobs/a/x', Buffer.from('kept'));
		execFileSync('mount', ['-o', 'remount,ro', root]);
		const refused = { code: 'repository_unwritable', message: expect.stringContaining('read-only') };
		await expect(storage.put('jobs/a/y', Buffer.from('y'))).rejects.toMatchObject(refused);
		await expect(storage.put('new/y', Buffer.from('y'))).rejects.toMatchObject(refused);
		await expect(storage.create('jobs/a/y')).rejects.toMatchObject(refused);
		await expect(storage.delete('jobs/a/x')).rejects.toMatchObject(refused);
		expect((await storage.read('jobs/a/x', 9)).toString()).toBe('kept');
		expect(await keysOf(storage, '')).toEqual(['jobs/a/x']);
	});
});

describe('another user', () => {
	it('is refused by a directory that is not writable, unreadable objects by name', async () => {
		const root = newDirectory();
		chmodSync(root, 0o755);
		await createLocalStorage(root).put('mine', Buffer.from('x'));
		mkdirSync(join(root, 'theirs'));
		chownSync(join(root, 'theirs'), nobody, nobody);
		const other = start({ uid: nobody });
		const ask = (command: Command) => other.ask<Answer>(command);
		await ask({ do: 'open', location: { type: 'directory', path: root } });
		expect(await ask({ do: 'put', key: 'new', length: 1 })).toMatchObject({
			failed: 'repository_unwritable',
			message: expect.stringContaining('permission denied'),
		});
		expect(await ask({ do: 'create', key: 'jobs/a/new' })).toMatchObject({ failed: 'repository_unwritable' });
		expect(await ask({ do: 'read', key: 'mine' })).toMatchObject({
			failed: 'storage_failed',
			message: expect.stringContaining("can't read mine"),
		});
		expect(await ask({ do: 'put', key: 'theirs/new', length: 1 })).toEqual({ ok: 'created' });
		expect(readdirSync(root).sort()).toEqual(['mine', 'theirs']);
	});
});
