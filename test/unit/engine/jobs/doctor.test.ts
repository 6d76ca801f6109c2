import { examine } from '../../../../engine/jobs/doctor';
import { claimKeyOf, releaseKeyOf, renewalKeyOf } from '../../../../engine/repository/lease-files';
import { isAlive } from '../../../../engine/repository/lease-watch';
import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import { writeRunMarker, type RunMarker } from '../../../../engine/repository/runs';
import type { Storage } from '../../../../engine/repository/storage';
import type { Finding } from '../../../../protocol/events';
import { idOf, rawSecret, settingsFor } from '../../../engine/backups';
import { inProcess } from '../../../engine/in-process';
import { fakeClock } from '../../../fakes/clock';

const job = 'nightly';
const none = Buffer.from('{}');
const signal = new AbortController().signal;

describe('whether a run lives', () => {
	test.each<[string, (storage: Storage) => Promise<unknown>, boolean]>([
		['its job was never locked', async () => undefined, false],
		['its claim stands still', (storage) => storage.put(claimKeyOf(job, 3), none), false],
		['it was overtaken', (storage) => storage.put(claimKeyOf(job, 4), none), false],
		[
			'it was released',
			async (storage) => {
				await storage.put(claimKeyOf(job, 3), none);
				await storage.put(releaseKeyOf(job, 3), none);
			},
			false,
		],
	])('%s', async (_how, prepare, alive) => {
		const storage = createMemoryStorage();
		await prepare(storage);
		const clock = fakeClock();
		expect(await clock.advanceUntil(isAlive(storage, job, 3, { clock, signal }))).toBe(alive);
	});

	test('its counter moves', async () => {
		const storage = createMemoryStorage();
		await storage.put(claimKeyOf(job, 3), none);
		const clock = fakeClock();
		let watching = 0;
		const alive = isAlive(storage, job, 3, { clock, signal, onWatching: () => (watching += 1) });
		await clock.advance(20_000);
		await storage.put(renewalKeyOf(job, 3, 1), none);
		expect(await clock.advanceUntil(alive)).toBe(true);
		expect(watching).toBe(1);
	});
});

test('a run that died is told with what it left; its objects are not called unlisted', async () => {
	const storage = createMemoryStorage();
	const repository = settingsFor({ type: 'directory', path: '/nowhere' }, rawSecret());
	const archive = `jobs/${job}/${idOf(job, 1)}.tar.zst.enc`;
	const marker: RunMarker = {
		id: idOf(job, 1),
		runId: 'run-1',
		job,
		series: 'volumes',
		seq: 3,
		kind: 'volume',
		archiveId: '0f'.repeat(16),
		startedAt: '2026-01-31T03:00:01.000Z',
		host: 'test',
		writer: 'backup',
		objects: [archive],
	};
	const work = {
		version: 1,
		verb: 'doctor',
		runId: 'x',
		location: { type: 'directory', path: '/nowhere' },
		scratch: null,
		job: null,
	} as const;
	const findings: Finding[] = [];
	const body = async (session: Parameters<Parameters<typeof inProcess>[3]>[0]) => {
		for (;;) {
			const event = await session.next('records', 'finding', 'done');
			if (event.event === 'done') return;
			if (event.event === 'finding') findings.push(event);
		}
	};
	// An empty location becomes a repository here; then come its leftovers.
	await inProcess((engine) => examine(work, engine), storage, repository, body);
	expect(findings).toEqual([]);
	await writeRunMarker(storage, marker);
	await storage.put(archive, Buffer.from('DKBK'));
	await storage.put(claimKeyOf(job, 4), none);
	await inProcess((engine) => examine(work, engine), storage, repository, body);
	expect(findings).toMatchObject([
		{
			type: 'stale_run',
			id: marker.id,
			message: expect.stringMatching(/run run-1 on test .* left 1 object;/) as string,
		},
	]);
});
