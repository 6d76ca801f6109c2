/** A server of its own that is killed, hangs and comes back while an object is written or read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { createRetryingStorage } from '../../../../engine/repository/retrying-storage';
import { usualTimeOuts } from '../../../../engine/repository/s3/client';
import { systemClock } from '../../../../protocol/clock';
import { systemRandom } from '../../../../protocol/random';
import { bytesOf, collect, write } from '../../../conformance/storage';
import { clientAt, control, keys, locationAt, openUploads, storageAt, uniqueName } from './s3-lab';

const server = uniqueName('faults');
const Bucket = 'faults';
const timeOuts = { ...usualTimeOuts, idle: 3_000, complete: 3_000 };
let endpoint: string;
let own: ReturnType<typeof clientAt>;
beforeAll(async () => {
	endpoint = control(server, 'start');
	own = clientAt(endpoint, keys);
	await own.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => control(server, 'remove'));

const signalServer = (signal: 'SIGSTOP' | 'SIGCONT') =>
	process.kill(Number(readFileSync(join(control(server, 'pids'), 'client.rgw.pid'), 'utf8')), signal);
const open = () => storageAt(locationAt(Bucket, { endpoint }), { timeOuts });
const mib = 1 << 20;

test('a server that is killed and comes back costs time only', async () => {
	const storage = createRetryingStorage(open(), { clock: systemClock, random: systemRandom });
	const body = bytesOf(80 * mib);
	const writer = await storage.create('killed');
	for (let at = 0; at < body.length; at += mib) {
		if (at === 40 * mib) {
			control(server, 'kill-rgw');
			// Comes back while parts are tried again.
			setTimeout(() => control(server, 'start-rgw'), 500);
		}
		await writer.write(Buffer.from(body.subarray(at, at + mib)));
	}
	await writer.seal();
	control(server, 'kill');
	setTimeout(() => control(server, 'start'), 500);
	await writer.publish();
	expect((await collect(storage.get('killed'))).equals(body)).toBe(true);
	expect(await openUploads(Bucket, own)).toEqual([]);
});

test('a server that hangs ends every call in time, and an abort afterwards leaves nothing', async () => {
	const storage = open();
	// More than fits into the buffers of a connection.
	const length = 64 * mib;
	await write(storage, 'there', bytesOf(length));
	const writer = await storage.create('hung');
	await writer.write(bytesOf(mib));
	const reader = storage.get('there')[Symbol.asyncIterator]();
	await reader.next();
	signalServer('SIGSTOP');
	try {
		const unreachable = {
			code: 'storage_unreachable',
			message: expect.stringContaining('nothing came for 3 s'),
		};
		await expect(storage.put('k', Buffer.from('x'))).rejects.toMatchObject(unreachable);
		await expect(storage.read('there', length)).rejects.toMatchObject(unreachable);
		await expect(storage.size('there')).rejects.toMatchObject(unreachable);
		await expect(storage.list('')[Symbol.asyncIterator]().next()).rejects.toMatchObject(unreachable);
		await expect(storage.delete('there')).rejects.toMatchObject(unreachable);
		await expect(
			(async () => {
				for (;;) if ((await reader.next()).done) throw new Error('all bytes came from a server that hangs');
			})(),
		).rejects.toMatchObject(unreachable);
	} finally {
		signalServer('SIGCONT');
	}
	await writer.abort();
	expect(await openUploads(Bucket, own)).toEqual([]);
	expect(await storage.size('there')).toBe(length);
});

test('an upload that hangs ends with its signal, and is aborted all the same', async () => {
	const storage = open();
	const cancel = new AbortController();
	const writer = await storage.create('cancelled', cancel.signal);
	signalServer('SIGSTOP');
	const reason = new Error('cancelled');
	try {
		const writing = (async () => {
			for (let n = 0; n < 200; n += 1) await writer.write(bytesOf(mib, n));
		})();
		setTimeout(() => cancel.abort(reason), 200);
		await expect(writing).rejects.toBe(reason);
	} finally {
		signalServer('SIGCONT');
	}
	await writer.abort();
	expect(await openUploads(Bucket, own)).toEqual([]);
});
