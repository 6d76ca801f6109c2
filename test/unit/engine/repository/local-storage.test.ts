import {
	link,
	mkdir,
	readdir,
	readFile,
	rename,
	rm,
	stat,
	symlink,
	truncate,
	writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { createLocalStorage } from '../../../../engine/repository/local-storage';
import type { Storage } from '../../../../engine/repository/storage';
import { bytesOf, collect, describeStorage, keysOf, write } from '../../../conformance/storage';
import { scratchDirectories } from '../../../fakes/directories';

const newDirectory = scratchDirectories();

/** What link(2) answers on file systems that have no hard links. */
const refuseLink = (code: string) => async () => {
	throw Object.assign(new Error('operation not permitted'), { code });
};

describeStorage('a directory', async () => createLocalStorage(newDirectory()));
describeStorage('a directory without hard links', async () =>
	createLocalStorage(newDirectory(), { linkFile: refuseLink('EPERM') }),
);

describe('a directory', () => {
	let root: string;
	let storage: Storage;
	beforeEach(() => {
		root = newDirectory();
		storage = createLocalStorage(root);
	});

	it('holds private files and folders, and no temporary ones afterwards', async () => {
		await storage.put('jobs/a/x.json', Buffer.from('x'));
		await write(storage, 'jobs/a/x.tar', bytesOf(10));
		expect((await stat(join(root, 'jobs'))).mode & 0o777).toBe(0o700);
		expect((await stat(join(root, 'jobs/a'))).mode & 0o777).toBe(0o700);
		expect((await stat(join(root, 'jobs/a/x.json'))).mode & 0o777).toBe(0o600);
		expect((await stat(join(root, 'jobs/a/x.tar'))).mode & 0o777).toBe(0o600);
		expect((await stat(join(root, 'jobs/a/x.tar'))).nlink).toBe(1);
		expect((await readdir(join(root, 'jobs/a'))).sort()).toEqual(['x.json', 'x.tar']);
	});

	it('leaves the file of a winner alone who has the name but, without hard links, not yet the content', async () => {
		storage = createLocalStorage(root, { linkFile: refuseLink('EPERM') });
		await writeFile(join(root, '.tmp-key'), "the winner's", { flag: 'wx' });
		await writeFile(join(root, 'key'), '', { flag: 'wx' });
		expect(await storage.put('key', Buffer.from('too late'))).toBe('exists');
		expect((await readdir(root)).sort()).toEqual(['.tmp-key', 'key']);
		expect(await readFile(join(root, '.tmp-key'), 'utf8')).toBe("the winner's");
	});

	test.each(['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'])(
		'leaves no temporary file where link answers %s',
		async (code) => {
			storage = createLocalStorage(root, { linkFile: refuseLink(code) });
			await storage.put('k', Buffer.from('one'));
			expect(await storage.put('k', Buffer.from('two'))).toBe('exists');
			await write(storage, 'w', bytesOf(10));
			expect((await readdir(root)).sort()).toEqual(['k', 'w']);
		},
	);

	it('does not take every failing link for a missing feature', async () => {
		storage = createLocalStorage(root, { linkFile: refuseLink('EIO') });
		await expect(storage.put('k', Buffer.from('x'))).rejects.toMatchObject({ code: 'storage_failed' });
		expect(await readdir(root)).toEqual([]);
	});

	it('counts a link as made when only its answer got lost', async () => {
		storage = createLocalStorage(root, {
			async linkFile(existing, added) {
				await link(existing, added);
				await link(existing, added);
			},
		});
		expect(await storage.put('k', Buffer.from('x'))).toBe('created');
		expect(await readdir(root)).toEqual(['k']);
	});

	it('shows a writer under a hidden name only, and refuses a second one', async () => {
		const writer = await storage.create('jobs/a/x.tar');
		expect(await readdir(join(root, 'jobs/a'))).toEqual(['.tmp-x.tar']);
		await expect(storage.create('jobs/a/x.tar')).rejects.toMatchObject({
			code: 'object_exists',
			message: expect.stringContaining('being written'),
		});
		await writer.abort();
		expect(await readdir(join(root, 'jobs/a'))).toEqual([]);
	});

	it('creates small objects past what a crash left, and removes it', async () => {
		await writeFile(join(root, '.tmp-k'), 'torn');
		await writeFile(join(root, '.tmp-k.1'), 'torn');
		expect(await storage.put('k', Buffer.from('whole'))).toBe('created');
		expect((await storage.read('k', 9)).toString()).toBe('whole');
		expect(await readdir(root)).toEqual(['k']);
	});

	it('removes the left-over of a writer together with its key', async () => {
		await mkdir(join(root, 'jobs'));
		await writeFile(join(root, 'jobs/.tmp-x.tar'), 'torn');
		await storage.delete('jobs/x.tar');
		expect(await readdir(join(root, 'jobs'))).toEqual([]);
	});

	it('tells when the file system kept less than was written', async () => {
		const writer = await storage.create('k');
		await writer.write(bytesOf(5000));
		await writer.write(Buffer.alloc(0));
		await truncate(join(root, '.tmp-k'), 4999);
		await expect(writer.seal()).rejects.toMatchObject({
			code: 'storage_failed',
			message: expect.stringContaining('4999 bytes, but 5000'),
		});
		await writer.abort();
		expect(await readdir(root)).toEqual([]);
	});

	it('stores an object longer than what it syncs behind the writer', async () => {
		const writer = await storage.create('long');
		const chunk = bytesOf(1 << 20);
		for (let n = 0; n < 150; n += 1) await writer.write(Buffer.from(chunk));
		await writer.seal();
		await writer.publish();
		let position = 0;
		for await (const part of storage.get('long')) {
			const start = position % chunk.length;
			expect(part.equals(chunk.subarray(start, start + part.length))).toBe(true);
			position += part.length;
		}
		expect(position).toBe(150 << 20);
	});

	it('neither follows nor lists symbolic links below its root', async () => {
		const elsewhere = newDirectory();
		await writeFile(join(elsewhere, 'secret'), 'secret');
		await symlink(join(elsewhere, 'secret'), join(root, 'object'));
		await symlink(elsewhere, join(root, 'folder'));
		await expect(storage.read('object', 9)).rejects.toMatchObject({
			code: 'storage_failed',
			message: expect.stringContaining('symbolic link'),
		});
		await expect(storage.size('object')).rejects.toMatchObject({ code: 'storage_failed' });
		await expect(storage.put('folder/new', Buffer.from('x'))).rejects.toMatchObject({
			code: 'storage_failed',
		});
		expect(await storage.put('object', Buffer.from('x'))).toBe('exists');
		expect(await keysOf(storage, '')).toEqual([]);
		expect(await readdir(elsewhere)).toEqual(['secret']);
	});

	it('may itself be reached through a symbolic link', async () => {
		const alias = join(newDirectory(), 'alias');
		await symlink(root, alias);
		await createLocalStorage(alias).put('a/k', Buffer.from('x'));
		expect(await keysOf(storage, '')).toEqual(['a/k']);
	});

	it('does not list hidden files, nor read folders as objects', async () => {
		await writeFile(join(root, '.hidden'), 'x');
		await mkdir(join(root, 'folder/.hidden'), { recursive: true });
		await writeFile(join(root, 'folder/.hidden/x'), 'x');
		expect(await keysOf(storage, '')).toEqual([]);
		await expect(storage.read('folder', 9)).rejects.toMatchObject({ code: 'storage_failed' });
		await expect(storage.size('folder')).rejects.toMatchObject({ code: 'storage_failed' });
	});

	it('is not hung by a FIFO in place of an object', async () => {
		const { execFileSync } = await import('node:child_process');
		execFileSync('mkfifo', [join(root, 'fifo')]);
		await expect(storage.read('fifo', 9)).rejects.toMatchObject({ code: 'storage_failed' });
		expect(await keysOf(storage, '')).toEqual([]);
	});

	describe('that is gone', () => {
		const verbs: [string, (target: Storage) => Promise<unknown>][] = [
			['put', (target) => target.put('a/k', Buffer.from('x'))],
			['create', (target) => target.create('a/k')],
			['get', (target) => collect(target.get('a/k'))],
			['read', (target) => target.read('a/k', 9)],
			['size', (target) => target.size('a/k')],
			['list', (target) => keysOf(target, 'a/')],
			['delete', (target) => target.delete('a/k')],
		];

		test.each(verbs)('says so on %s, and is not made', async (_verb, run) => {
			await rm(root, { recursive: true });
			await expect(run(storage)).rejects.toMatchObject({
				code: 'repository_not_found',
				message: expect.stringContaining(root),
				hint: expect.stringContaining('path'),
			});
			await expect(stat(root)).rejects.toMatchObject({ code: 'ENOENT' });
		});

		test.each(verbs)('or is a file says so on %s', async (_verb, run) => {
			await rm(root, { recursive: true });
			await writeFile(root, 'a file');
			await expect(run(storage)).rejects.toMatchObject({ code: 'repository_not_found' });
			expect(await readFile(root, 'utf8')).toBe('a file');
		});

		it('says so when it goes while an object is being written', async () => {
			const writer = await storage.create('k');
			await writer.write(Buffer.from('x'));
			await writer.seal();
			const aside = `${root}-aside`;
			await rename(root, aside);
			await expect(writer.publish()).rejects.toMatchObject({ code: 'repository_not_found' });
			await writer.abort();
			await rm(aside, { recursive: true });
		});
	});
});
