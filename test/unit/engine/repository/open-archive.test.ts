import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import { openArchive } from '../../../../engine/repository/open-archive';
import { bytesOf, collect } from '../../../conformance/storage';

const body = bytesOf(3_000_000);
const path = 'jobs/a/x.tar';

async function stored(bytes: Buffer) {
	const storage = createMemoryStorage();
	await storage.put(path, bytes);
	return storage;
}

describe('a stored file', () => {
	it('is read at any offset and as a stream', async () => {
		const archive = await openArchive(await stored(body), { path, size: body.length });
		expect(archive.size).toBe(body.length);
		for (const [offset, length] of [
			[0, 0],
			[0, 1],
			[1_048_575, 2],
			[1, 2_500_000],
			[body.length - 1, 1],
			[body.length, 0],
			[0, body.length],
		] as const) {
			expect((await archive.readAt(offset, length)).equals(body.subarray(offset, offset + length))).toBe(
				true,
			);
		}
		expect((await collect(archive.stream())).equals(body)).toBe(true);
		expect((await collect(archive.stream({ offset: 5, length: 7 }))).equals(body.subarray(5, 12))).toBe(true);
		await expect(archive.readAt(body.length, 1)).rejects.toMatchObject({ code: 'archive_malformed' });
	});

	it('that is gone, cut or longer is told at once', async () => {
		await expect(openArchive(createMemoryStorage(), { path, size: 1 })).rejects.toMatchObject({
			code: 'archive_missing',
		});
		const cut = stored(body.subarray(0, -1));
		await expect(openArchive(await cut, { path, size: body.length })).rejects.toMatchObject({
			code: 'archive_truncated',
		});
		await expect(openArchive(await stored(body), { path, size: 1 })).rejects.toMatchObject({
			code: 'checksum_mismatch',
		});
	});

	it('that goes or shrinks while it is open is told too', async () => {
		const storage = await stored(body);
		const archive = await openArchive(storage, { path, size: body.length });
		await storage.delete(path);
		await expect(archive.readAt(0, 1)).rejects.toMatchObject({ code: 'archive_missing' });
		await storage.put(path, body.subarray(0, 10));
		await expect(archive.readAt(5, 6)).rejects.toMatchObject({ code: 'archive_truncated' });
	});
});
