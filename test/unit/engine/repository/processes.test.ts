/** What only real processes show: contention for a lease, a stopped holder, death in the middle of a write. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalStorage } from '../../../../engine/repository/local-storage';
import { formatRecord } from '../../../../engine/repository/records';
import { cleanUpRun, listRunMarkers, type RunMarker } from '../../../../engine/repository/runs';
import { keysOf } from '../../../conformance/storage';
import { scratchDirectories } from '../../../fakes/directories';
import { failedRecord, sampleRecord } from '../../../fakes/record';
import { testProgram, type TestProcess } from '../../../processes/process';
import type { Answer, Command } from '../../../processes/repository-process';

const newDirectory = scratchDirectories();
const start = testProgram('repository-process.ts');
/** Long enough for a holder to be heard on a busy machine. */
const times = { ttlMs: 3000, renewMs: 150 };

async function open(directory: string): Promise<TestProcess> {
	const one = start();
	await ask(one, { do: 'open', directory });
	return one;
}

const ask = (one: TestProcess, command: Command): Promise<Answer> => one.ask<Answer>(command);

describe('eight processes that want one lease', () => {
	it('get it one at a time, in ten rounds, whether its holder releases it or dies', async () => {
		const directory = newDirectory();
		let processes = await Promise.all(Array.from({ length: 8 }, () => open(directory)));
		for (let round = 1; round <= 10; round += 1) {
			const answers = await Promise.all(
				processes.map((one, n) => ask(one, { do: 'acquire', job: 'nightly', runId: `run-${n}`, ...times })),
			);
			const winners = processes.filter((_, n) => 'ok' in answers[n]!);
			expect(winners).toHaveLength(1);
			for (const answer of answers) {
				if ('ok' in answer) expect(answer.ok).toBe(round);
				else expect(answer).toMatchObject({ failed: 'locked', message: expect.stringContaining('run-') });
			}
			const [winner] = winners;
			expect(await ask(winner!, { do: 'check' })).toEqual({ ok: null });
			if (round % 3 !== 0) {
				expect(await ask(winner!, { do: 'release' })).toEqual({ ok: null });
			} else {
				await winner!.kill('SIGKILL');
				processes = [...processes.filter((one) => one !== winner), await open(directory)];
			}
		}
		expect(
			readdirSync(join(directory, 'locks/nightly')).filter((name) => name.startsWith('0000000009')),
		).toEqual([]);
	}, 120_000);
});

describe('a process that is stopped', () => {
	it('finds its lease lost when it goes on, and its writer shut out', async () => {
		const directory = newDirectory();
		const [stopped, next] = [await open(directory), await open(directory)];
		expect(await ask(stopped, { do: 'acquire', job: 'nightly', runId: 'stopped', ...times })).toEqual({
			ok: 1,
		});
		await stopped.kill('SIGSTOP');
		expect(await ask(next, { do: 'acquire', job: 'nightly', runId: 'next', ...times })).toEqual({ ok: 2 });
		await stopped.kill('SIGCONT');
		expect(await ask(stopped, { do: 'check' })).toMatchObject({ failed: 'lease_lost' });
		expect(await ask(next, { do: 'check' })).toEqual({ ok: null });
		expect(await ask(stopped, { do: 'release' })).toEqual({ ok: null });
		expect(await ask(next, { do: 'check' })).toEqual({ ok: null });
	});
});

describe('kill -9 in the middle of a write', () => {
	const { id, job } = sampleRecord();
	const key = `jobs/${job}/${id}.tar.zst`;
	const marker: RunMarker = {
		id,
		runId: 'run-1',
		job,
		series: 'data',
		seq: 1,
		kind: 'volume',
		archiveId: '0f'.repeat(16),
		startedAt: '2026-01-31T03:00:00.000Z',
		host: 'h',
		objects: [key],
	};
	const steps: Command[] = [
		{ do: 'mark', marker },
		{ do: 'create', key },
		{ do: 'write', length: 1 << 20 },
		{ do: 'write', length: 8 << 20 },
		{ do: 'seal' },
		{ do: 'publish' },
	];

	// All steps are sent at once, so it dies while it works on one of those after the last that was answered.
	test.each(steps.map((_, n) => [n] as const))(
		'once step %d is done leaves nothing that the marker does not name',
		async (done) => {
			const directory = newDirectory();
			const storage = createLocalStorage(directory);
			const dying = await open(directory);
			const answers = steps.map((step) => ask(dying, step));
			const settled = Promise.allSettled(answers);
			expect(await answers[done]).toEqual({ ok: null });
			await dying.kill('SIGKILL');
			await settled;
			const published = (await keysOf(storage, '')).filter((one) => one !== `jobs/${job}/${id}.run.json`);
			if (steps[done]!.do === 'publish') expect(published).toEqual([key]);
			if (published.length > 0) {
				expect(published).toEqual([key]);
				expect(await storage.size(key)).toBe(9 << 20);
			}

			const found: RunMarker[] = [];
			for await (const one of listRunMarkers(storage, job)) found.push(one);
			expect(found).toEqual([marker]);
			const recordText = formatRecord(failedRecord(), null);
			expect(await cleanUpRun(storage, found[0]!, { recordText })).toBe('removed');
			expect(readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()).toEqual([
				'jobs',
				`jobs/${job}`,
				`jobs/${job}/${id}.json`,
			]);
		},
	);
});
