/**
 * The one suite that every storage passes: the contract of engine/repository/storage.ts, nothing else.
 * `make` gives a new empty storage.
 */
import { createCipheriv, createHash } from 'node:crypto';
import fc from 'fast-check';
import { compareKeys } from '../../engine/repository/object-keys';
import type { ByteRange, Storage } from '../../engine/repository/storage';

export function describeStorage(name: string, make: () => Promise<Storage>): void {
	describe(`${name} keeps the storage contract`, () => {
		let storage: Storage;
		beforeEach(async () => {
			storage = await make();
		});

		describe('put', () => {
			test.each([0, 1, 4095, 4096, 4097])('stores %d bytes', async (length) => {
				const body = bytesOf(length);
				expect(await storage.put('a/b/c.json', Buffer.from(body))).toBe('created');
				expect(await storage.read('a/b/c.json', length)).toEqual(body);
				expect(await storage.size('a/b/c.json')).toBe(length);
			});

			it('never changes an object', async () => {
				await storage.put('k', Buffer.from('first'));
				expect(await storage.put('k', Buffer.from('second, longer'))).toBe('exists');
				expect((await storage.read('k', 99)).toString()).toBe('first');
			});

			it('lets exactly one of many creators win, whole', async () => {
				for (let round = 0; round < 20; round += 1) {
					const key = `race/${round}`;
					const bodies = Array.from({ length: 8 }, (_, n) => Buffer.alloc(5000 + n, `${n}`));
					const outcomes = await Promise.all(bodies.map((body) => storage.put(key, Buffer.from(body))));
					expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
					expect(await storage.read(key, 9999)).toEqual(bodies[outcomes.indexOf('created')]);
				}
				expect(await keysOf(storage, '')).toHaveLength(20);
			});

			it('and delete of one key at the same time leave one of both outcomes', async () => {
				for (let round = 0; round < 20; round += 1) {
					const [outcome] = await Promise.all([storage.put('k', Buffer.from('x')), storage.delete('k')]);
					expect(outcome).toBe('created');
					await storage.delete('k');
				}
				expect(await keysOf(storage, '')).toEqual([]);
			});
		});

		describe('an object writer', () => {
			const mib = 1 << 20;
			test.each([[[]], [[0]], [[1]], [[mib]], [[mib, 1]], [[1, mib - 1, 0, mib + 1]], [[3 * mib + 7]]])(
				'stores chunks of %j bytes, seen only once published',
				async (lengths) => {
					const chunks = lengths.map((length, n) => bytesOf(length, n));
					const writer = await storage.create('jobs/a/x.tar');
					for (const chunk of chunks) await writer.write(Buffer.from(chunk));
					await writer.seal();
					expect(await keysOf(storage, '')).toEqual([]);
					await expect(storage.size('jobs/a/x.tar')).rejects.toMatchObject({ code: 'object_not_found' });
					await expect(collect(storage.get('jobs/a/x.tar'))).rejects.toMatchObject({
						code: 'object_not_found',
					});
					await writer.publish();
					const whole = Buffer.concat(chunks);
					expect(digest(await collect(storage.get('jobs/a/x.tar')))).toBe(digest(whole));
					expect(await listed(storage, '')).toEqual([{ key: 'jobs/a/x.tar', size: whole.length }]);
				},
			);

			it('never replaces an object', async () => {
				const writer = await storage.create('k');
				await writer.write(Buffer.from('late'));
				await writer.seal();
				await storage.put('k', Buffer.from('early'));
				await expect(writer.publish()).rejects.toMatchObject({ code: 'object_exists' });
				await writer.abort();
				expect((await storage.read('k', 99)).toString()).toBe('early');
				await expect(storage.create('k')).rejects.toMatchObject({ code: 'object_exists' });
			});

			it('is one of two at most', async () => {
				const outcomes = await Promise.allSettled(
					['one', 'two'].map(async (text) => {
						const writer = await storage.create('k');
						await writer.write(Buffer.from(text));
						await writer.seal();
						await writer.publish();
						return text;
					}),
				);
				const [winner, ...others] = outcomes.filter((outcome) => outcome.status === 'fulfilled');
				const [loser] = outcomes.filter((outcome) => outcome.status === 'rejected');
				expect(others).toEqual([]);
				expect(loser?.reason).toMatchObject({ code: 'object_exists' });
				expect((await storage.read('k', 99)).toString()).toBe(winner?.value);
			});

			it('leaves nothing when aborted, at any stage and again', async () => {
				const stages = ['created', 'written', 'sealed'];
				for (const stage of stages) {
					const writer = await storage.create('k');
					if (stage !== 'created') await writer.write(bytesOf(100_000));
					if (stage === 'sealed') await writer.seal();
					await writer.abort();
					await writer.abort();
					expect(await keysOf(storage, '')).toEqual([]);
					await expect(writer.write(Buffer.from('x'))).rejects.toThrow('aborted');
					await expect(writer.publish()).rejects.toThrow('aborted');
				}
				expect(await storage.put('k', Buffer.from('free'))).toBe('created');
			});

			it('keeps what is published when aborted then', async () => {
				const writer = await storage.create('k');
				await writer.write(Buffer.from('kept'));
				await writer.seal();
				await writer.publish();
				await writer.abort();
				expect((await storage.read('k', 99)).toString()).toBe('kept');
			});

			it('can only be written, then sealed, then published', async () => {
				const writer = await storage.create('k');
				await expect(writer.publish()).rejects.toMatchObject({ code: 'unexpected' });
				await writer.seal();
				await expect(writer.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'unexpected' });
				await expect(writer.seal()).rejects.toMatchObject({ code: 'unexpected' });
				await writer.publish();
				await expect(writer.publish()).rejects.toMatchObject({ code: 'unexpected' });
			});

			it('can publish nothing after its key was deleted', async () => {
				const writer = await storage.create('k');
				await writer.write(Buffer.from('of a run that was taken over'));
				await writer.seal();
				await storage.delete('k');
				await expect(writer.publish()).rejects.toMatchObject({ code: 'object_not_found' });
				await writer.abort();
				expect(await keysOf(storage, '')).toEqual([]);
				const next = await storage.create('k');
				await next.seal();
				await next.publish();
				expect(await storage.size('k')).toBe(0);
			});
		});

		describe('reading', () => {
			const length = (2 << 20) + 10;
			const edges = [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, length - 1, length, length + 1];

			it('gives any range, as far as the object goes', async () => {
				const body = bytesOf(length);
				await write(storage, 'k', body);
				for (const offset of edges) {
					for (const wanted of edges) {
						const range: ByteRange = { offset, length: wanted };
						const expected = body.subarray(offset, offset + wanted);
						expect((await collect(storage.get('k', range))).equals(expected)).toBe(true);
					}
				}
			});

			it('can be broken off', async () => {
				await write(storage, 'k', bytesOf(length));
				for await (const chunk of storage.get('k')) {
					expect(chunk.length).toBeGreaterThan(0);
					break;
				}
				expect(await storage.size('k')).toBe(length);
			});

			it('gives chunks that the reader may change', async () => {
				await storage.put('k', Buffer.from('text'));
				(await storage.read('k', 9)).fill(0);
				for await (const chunk of storage.get('k')) chunk.fill(0);
				expect((await storage.read('k', 9)).toString()).toBe('text');
			});

			test.each([
				[-1, 1],
				[0.5, 1],
				[0, -1],
				[0, NaN],
				[NaN, 1],
			])('refuses the range %d + %d', async (offset, wanted) => {
				await storage.put('k', Buffer.from('text'));
				await expect(collect(storage.get('k', { offset, length: wanted }))).rejects.toMatchObject({
					code: 'invalid_parameter',
				});
			});

			it('stops at the most bytes wanted', async () => {
				await storage.put('k', Buffer.from('four'));
				expect((await storage.read('k', 4)).toString()).toBe('four');
				await expect(storage.read('k', 3)).rejects.toMatchObject({ code: 'storage_failed' });
			});

			it('says when there is nothing, by name', async () => {
				await storage.put('a/b', Buffer.from('x'));
				for (const key of ['absent', 'a/absent', 'absent/b', 'jobs/none/none.json']) {
					const missing = { code: 'object_not_found', message: expect.stringContaining(key) };
					await expect(storage.read(key, 9)).rejects.toMatchObject(missing);
					await expect(storage.size(key)).rejects.toMatchObject(missing);
					await expect(collect(storage.get(key))).rejects.toMatchObject(missing);
				}
			});
		});

		describe('list', () => {
			it('gives what is below a prefix and nothing that only starts alike', async () => {
				const keys = [
					'jobs/backup-other/x',
					'jobs/backup/x',
					'jobs/backup/y',
					'jobs/backup0/x',
					'repository.json',
				];
				for (const key of keys) await storage.put(key, Buffer.from(key));
				expect(await keysOf(storage, '')).toEqual(keys);
				expect(await keysOf(storage, 'jobs/backup/')).toEqual(['jobs/backup/x', 'jobs/backup/y']);
				expect(await keysOf(storage, 'jobs/')).toHaveLength(4);
				expect(await keysOf(storage, 'jobs/none/')).toEqual([]);
				expect(await listed(storage, 'jobs/backup0/')).toEqual([{ key: 'jobs/backup0/x', size: 14 }]);
			});

			it('goes on behind any key', async () => {
				const keys = ['a/x', 'a/y/z', 'a/y0', 'b', 'é', '\uffee', '😀'];
				for (const key of keys) await storage.put(key, Buffer.from(key));
				for (const after of [...keys, 'a/y', 'a/', '0', 'c', '😁']) {
					const behind = keys.filter((key) => compareKeys(key, after) > 0);
					expect(await keysOf(storage, '', after)).toEqual(behind);
					expect(await keysOf(storage, 'a/', after)).toEqual(behind.filter((key) => key.startsWith('a/')));
				}
			});

			it('orders any keys by their bytes', async () => {
				const segment = fc
					.string({
						unit: fc.constantFrom('a', 'B', '0', '-', '.', '_', ' ', 'é', '\uffee', '😀', '\\', '\n'),
						minLength: 1,
					})
					.filter((text) => !text.startsWith('.'));
				const keys = fc.uniqueArray(segment, { minLength: 1, maxLength: 12 });
				await fc.assert(
					fc.asyncProperty(keys, keys, async (folders, names) => {
						const fresh = await make();
						// Folders and files never share a name: folders get an ending that names lose.
						const wanted = [
							...names.map((text) => text.replace(/_+$/, '') || 'x'),
							...folders.map((text, n) => `${text}_/${names[n % names.length]}`),
						];
						for (const key of new Set(wanted)) await fresh.put(key, Buffer.from('x'));
						expect(await keysOf(fresh, '')).toEqual([...new Set(wanted)].sort(compareKeys));
					}),
					{ numRuns: 15 },
				);
			});
		});

		it('deletes an object, once or twice, and no other', async () => {
			await storage.put('a/x', Buffer.from('x'));
			await storage.put('a/xy', Buffer.from('y'));
			await storage.delete('a/x');
			await storage.delete('a/x');
			await storage.delete('never/was');
			expect(await keysOf(storage, '')).toEqual(['a/xy']);
			expect(await storage.put('a/x', Buffer.from('again'))).toBe('created');
		});

		const hostile = [
			'',
			'/',
			'/etc/passwd',
			'a//b',
			'a/',
			'.',
			'..',
			'../x',
			'a/../x',
			'a/./x',
			'.hidden',
			'a/.tmp-x',
			'a\0b',
			`a/${'x'.repeat(241)}`,
			`${'x'.repeat(200)}/`.repeat(6) + 'x',
			'\ud800',
		];
		test.each(hostile.map((key) => [key]))('refuses the key %j', async (key) => {
			const refused = { code: 'invalid_parameter' };
			await expect(storage.put(key, Buffer.from('x'))).rejects.toMatchObject(refused);
			await expect(storage.create(key)).rejects.toMatchObject(refused);
			await expect(storage.read(key, 1)).rejects.toMatchObject(refused);
			await expect(storage.size(key)).rejects.toMatchObject(refused);
			await expect(storage.delete(key)).rejects.toMatchObject(refused);
			await expect(collect(storage.get(key))).rejects.toMatchObject(refused);
			expect(await keysOf(storage, '')).toEqual([]);
		});

		test.each([['jobs'], ['jobs/back'], ['/'], ['../'], ['a//'], ['.hidden/']])(
			'refuses the prefix %j',
			async (prefix) => {
				await expect(listed(storage, prefix)).rejects.toMatchObject({ code: 'invalid_parameter' });
			},
		);

		it('does nothing once its signal is aborted', async () => {
			await storage.put('k', Buffer.from('kept'));
			const open = new AbortController();
			const writer = await storage.create('w', open.signal);
			const reason = new Error('stop');
			open.abort(reason);
			const { signal } = open;
			await expect(writer.write(Buffer.from('x'))).rejects.toBe(reason);
			await expect(writer.seal()).rejects.toBe(reason);
			await writer.abort();
			await expect(storage.put('p', Buffer.from('x'), signal)).rejects.toBe(reason);
			await expect(storage.create('c', signal)).rejects.toBe(reason);
			await expect(storage.read('k', 9, signal)).rejects.toBe(reason);
			await expect(storage.size('k', signal)).rejects.toBe(reason);
			await expect(storage.delete('k', signal)).rejects.toBe(reason);
			await expect(collect(storage.get('k', undefined, signal))).rejects.toBe(reason);
			await expect(listed(storage, '', signal)).rejects.toBe(reason);
			expect(await keysOf(storage, '')).toEqual(['k']);
		});
	});
}

/** Bytes without a pattern that a shifted or repeated chunk could hide in. */
export function bytesOf(length: number, seed = 0): Buffer {
	const key = createHash('sha256').update(`bytes ${seed}`).digest();
	return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

export async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of source) chunks.push(chunk);
	return Buffer.concat(chunks);
}

export async function keysOf(storage: Storage, prefix: string, after?: string): Promise<string[]> {
	return (await listed(storage, prefix, undefined, after)).map(({ key }) => key);
}

export async function write(storage: Storage, key: string, body: Buffer): Promise<void> {
	const writer = await storage.create(key);
	await writer.write(Buffer.from(body));
	await writer.seal();
	await writer.publish();
}

async function listed(
	storage: Storage,
	prefix: string,
	signal?: AbortSignal,
	after?: string,
): Promise<{ key: string; size: number }[]> {
	const objects: { key: string; size: number }[] = [];
	for await (const object of storage.list(prefix, signal, after)) objects.push(object);
	return objects;
}

function digest(bytes: Buffer): string {
	return createHash('sha256').update(bytes).digest('hex');
}
