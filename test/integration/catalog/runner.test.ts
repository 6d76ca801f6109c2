/** The catalog by way of a runner: stdout and events share one connection there. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStorage } from '../../../engine/repository/open-storage';
import {
	defaultRunner,
	defaultSocket,
	deleteRecords,
	downloadArchive,
	examineRepository,
	holdRecord,
	listRecords,
	type HostSettings,
} from '../../../operations/index';
import { systemClock } from '../../../protocol/clock';
import { systemRandom } from '../../../protocol/random';
import { makeBackup, rawSecret, settingsFor } from '../../engine/backups';
import { testContext } from '../../engine/in-process';
import { scratchDirectories } from '../../fakes/directories';

const newDirectory = scratchDirectories();
const host: HostSettings = { endpoint: { type: 'socket', socketPath: defaultSocket }, runner: defaultRunner };
const where = { type: 'runner', host } as const;
const context = testContext();
const job = 'nightly';

test('a slow reader gets every byte of a large archive, and the rest of the catalog works', async () => {
	const location = { type: 'directory', path: newDirectory() } as const;
	const signal = new AbortController().signal;
	const surroundings = { scratch: null, clock: systemClock, random: systemRandom, signal };
	const storage = await openStorage(location, surroundings);
	const repository = settingsFor(location, rawSecret());
	// Does not compress, and is more than all the buffers on the way hold.
	const content = randomBytes(24 << 20).toString('latin1');
	const record = await makeBackup(storage, repository, { job, second: 1, scratch: newDirectory(), content });
	expect(record.sizeBytes).toBeGreaterThan(24 << 20);
	const request = { selection: { by: 'id', id: record.id }, sizeLimit: null, allowUnsigned: false } as const;
	let waits = 0;
	const bytes = await downloadArchive(context, where, repository, request, async (stream) => {
		const chunks: Buffer[] = [];
		let length = 0;
		for await (const chunk of stream as AsyncIterable<Buffer>) {
			chunks.push(chunk);
			length += chunk.length;
			// The reader's own speed, a megabyte at a time; nothing is waited for.
			if (length >> 20 > waits) {
				waits += 1;
				await sleep(20);
			}
		}
		return Buffer.concat(chunks);
	});
	expect(bytes.equals(await storage.read(record.filePath!, 1 << 28))).toBe(true);
	const { held } = await holdRecord(context, where, repository, { id: record.id, reason: 'keep' });
	expect(held).toMatchObject({ reason: 'keep' });
	expect(await examineRepository(context, where, repository, { job: null })).toEqual([]);
	const deletion = { ids: [record.id], reason: '', lockWaitMs: 0 };
	expect(await deleteRecords(context, where, repository, deletion)).toMatchObject([
		{ deleted: false, error: { code: 'record_held' } },
	]);
	expect(await listRecords(context, where, repository, { job, limit: 1 })).toMatchObject([{ held }]);
});
