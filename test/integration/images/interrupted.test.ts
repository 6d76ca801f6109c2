/**
 * Backups and restores of images that are cut off, by a daemon that goes away in the middle or by whoever cancels:
 * nothing that could be taken for a backup is left, and nothing half on the host.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { backUpImages } from '../../../operations/images/back-up-images';
import { restoreImage } from '../../../operations/images/restore-image';
import type { HostSettings, OperationEvent } from '../../../operations/settings';
import { scratchDirectories } from '../../fakes/directories';
import { contextWith, dockerHost, encryptedRepository } from '../postgres/dump-lab';
import { docker, runnersOf, unique } from '../cli/lab';
import { cuttingProxy } from './cutting-proxy';
import { idOf, smallImages } from './lab';

const directory = scratchDirectories();
const images = smallImages();
const runner = process.env['RUNNER_IMAGE'] ?? 'node:24-bookworm-slim';

const requestFor = (job: string, ...references: string[]) => ({
	job,
	compression: { algorithm: 'none', level: null } as const,
	encrypt: true,
	tags: [],
	lockWaitMs: 0,
	images: references,
	separate: false,
});

const through = (port: number): HostSettings => ({
	...dockerHost,
	endpoint: { type: 'tcp', host: '127.0.0.1', port },
});

/** But for records, what a job has left. */
const published = (path: string, job: string): string[] => {
	const folder = join(path, 'jobs', job);
	return existsSync(folder) ? readdirSync(folder).filter((name) => !name.endsWith('.json')) : [];
};

test('known failure 6: a daemon that breaks off the save publishes nothing, and the next run is whole', async () => {
	const job = unique('job');
	const path = directory();
	const proxy = await cuttingProxy('GET /images/get', 20 << 20);
	try {
		const { records } = await backUpImages(
			contextWith(),
			through(proxy.port),
			encryptedRepository(path),
			requestFor(job, runner),
		);
		expect(records).toMatchObject([{ status: 'failed', error: { code: 'source_failed' } }]);
		expect(records[0]!.error?.message).toContain(`docker broke off saving ${runner}`);
	} finally {
		await proxy.close();
	}
	expect(proxy.cuts).toBe(1);
	expect(published(path, job)).toEqual([]);
	expect(await runnersOf(job)).toEqual([]);
	const app = await images.make();
	const again = await backUpImages(
		contextWith(),
		dockerHost,
		encryptedRepository(path),
		requestFor(job, app.reference),
	);
	expect(again.records).toMatchObject([{ status: 'success' }]);
});

test('a cancelled backup leaves nothing', async () => {
	const job = unique('job');
	const path = directory();
	const controller = new AbortController();
	const onEvent = (event: OperationEvent) => {
		if (event.event === 'taken') controller.abort();
	};
	await expect(
		backUpImages(
			contextWith({ signal: controller.signal, onEvent }),
			dockerHost,
			encryptedRepository(path),
			requestFor(job, runner),
		),
	).rejects.toMatchObject({ code: 'cancelled' });
	expect(published(path, job)).toEqual([]);
	expect(await runnersOf(job)).toEqual([]);
});

test('a load that is cut off, and one that is cancelled, leave no tag behind; a further one brings the image', async () => {
	const app = await images.make();
	const job = unique('job');
	const repository = encryptedRepository(directory());
	const { records } = await backUpImages(
		contextWith(),
		dockerHost,
		repository,
		requestFor(job, app.reference),
	);
	await docker('rmi', app.reference);
	const request = {
		selection: { by: 'id', id: records[0]!.id } as const,
		overwriteTags: false,
		allowUnsigned: false,
		dryRun: false,
	};
	const proxy = await cuttingProxy('POST /images/load', 300_000);
	try {
		await expect(restoreImage(contextWith(), through(proxy.port), repository, request)).rejects.toMatchObject(
			{ code: expect.stringMatching(/target_failed|docker_unreachable/) as string },
		);
	} finally {
		await proxy.close();
	}
	expect(proxy.cuts).toBe(1);
	expect(await idOf(app.reference)).toBe('');

	const controller = new AbortController();
	const onEvent = (event: OperationEvent) => {
		if (event.event === 'phase' && event.name === 'sending') controller.abort();
	};
	await expect(
		restoreImage(contextWith({ signal: controller.signal, onEvent }), dockerHost, repository, request),
	).rejects.toMatchObject({ code: 'cancelled' });
	expect(await idOf(app.reference)).toBe('');

	expect(await restoreImage(contextWith(), dockerHost, repository, request)).toMatchObject({
		references: [{ reference: app.reference, id: app.id, previousId: null, present: false }],
	});
	expect(await idOf(app.reference)).toBe(app.id);
});
