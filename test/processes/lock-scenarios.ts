/**
 * The lease as real processes see it, the same on every kind of storage: contention, death, pauses, wrong
 * clocks. Call at the top of a test file; `makePlace` gives a new empty repository.
 */
import { openStorage } from '../../engine/repository/open-storage';
import type { RunMarker } from '../../engine/repository/runs';
import type { Storage } from '../../engine/repository/storage';
import { systemClock } from '../../protocol/clock';
import type { Location } from '../../protocol/location';
import { systemRandom } from '../../protocol/random';
import { keysOf } from '../conformance/storage';
import { sampleRecord } from '../fakes/record';
import { testProgram, type TestProcess } from './process';
import type { Answer, Command } from './repository-process';

export interface LockOptions {
	/** Long enough for a holder to be heard on a busy machine. */
	readonly ttlMs: number;
	readonly renewMs: number;
	/** The S3 storage does without conditional writes. */
	readonly claims?: boolean;
}

const hour = 3600_000;
const job = 'nightly';

export function describeLocks(
	name: string,
	makePlace: () => Location | Promise<Location>,
	{ ttlMs, renewMs, claims = false }: LockOptions,
): void {
	const start = testProgram('repository-process.ts');
	const open = async (location: Location, skewMs = 0): Promise<TestProcess> => {
		const one = start();
		expect(await ask(one, { do: 'open', location, skewMs, claims })).toEqual({ ok: null });
		return one;
	};
	const acquire = (one: TestProcess, runId: string): Promise<Answer> =>
		ask(one, { do: 'acquire', job, runId, ttlMs, renewMs });

	/** Eight processes start `rounds` times at once; the winner lets go, or is killed in every third round. */
	async function compete(location: Location, rounds: number, skews: readonly number[]): Promise<void> {
		let processes = await Promise.all(skews.map((skewMs) => open(location, skewMs)));
		for (let round = 1; round <= rounds; round += 1) {
			const answers = await Promise.all(processes.map((one, n) => acquire(one, `run-${round}-${n}`)));
			const winners = processes.filter((_, n) => 'ok' in answers[n]!);
			expect(winners).toHaveLength(1);
			for (const answer of answers) {
				if ('ok' in answer) expect(answer.ok).toBe(round);
				else
					expect(answer).toMatchObject({
						failed: 'locked',
						message: expect.stringContaining(`run-${round}-`),
					});
			}
			const winner = winners[0]!;
			expect(await ask(winner, { do: 'check' })).toEqual({ ok: null });
			if (round % 3 !== 0) {
				expect(await ask(winner, { do: 'release' })).toEqual({ ok: null });
			} else {
				await winner.kill('SIGKILL');
				const skewMs = skews[processes.indexOf(winner)];
				processes = processes.with(processes.indexOf(winner), await open(location, skewMs));
			}
		}
		for (const one of processes) await one.kill('SIGKILL');
	}

	describe(`a lease in ${name}`, () => {
		test('is given to exactly one of eight processes, in each of 20 rounds, whether its holder lets go or dies', async () => {
			const location = await makePlace();
			await compete(location, 20, Array<number>(8).fill(0));
			const left = await keysOf(await storageOf(location), `locks/${job}/`);
			expect(left.filter((key) => !/0000000020|0000000019/.test(key))).toEqual([]);
		}, 300_000);

		test('does not care for clocks that are hours and years wrong', async () => {
			const skews = [0, 5 * hour, -5 * hour, 26 * hour, -26 * hour, 9000 * hour, -9000 * hour, 1];
			await compete(await makePlace(), 4, skews);
		}, 120_000);

		test('is lost to a process that was stopped: it publishes nothing and says so', async () => {
			const location = await makePlace();
			const storage = await storageOf(location);
			const [stopped, next] = [await open(location, -5 * hour), await open(location, 5 * hour)];
			const { id } = sampleRecord();
			const [sealed, half] = [`jobs/${job}/${id}.tar.zst`, `jobs/${job}/${id}.index.zst`];
			expect(await acquire(stopped, 'stopped')).toEqual({ ok: 1 });
			expect(await ask(stopped, { do: 'mark', marker: markerOf(id, [sealed, half]) })).toEqual({ ok: null });
			expect(await ask(stopped, { do: 'create', key: sealed })).toEqual({ ok: null });
			expect(await ask(stopped, { do: 'write', length: 9 << 20 })).toEqual({ ok: null });
			expect(await ask(stopped, { do: 'seal' })).toEqual({ ok: null });

			await stopped.kill('SIGSTOP');
			expect(await acquire(next, 'next')).toEqual({ ok: 2 });
			expect(await ask(next, { do: 'clean', job })).toEqual({ ok: ['removed'] });
			await stopped.kill('SIGCONT');

			expect(await ask(stopped, { do: 'check' })).toMatchObject({ failed: 'lease_lost' });
			// Even one that did not check can't publish or record a success any more.
			expect(await ask(stopped, { do: 'publish' })).toMatchObject({ failed: 'object_not_found' });
			expect(await ask(stopped, { do: 'put', key: `jobs/${job}/${id}.json`, length: 9 })).toEqual({
				ok: 'exists',
			});
			expect(await ask(stopped, { do: 'release' })).toEqual({ ok: null });
			expect(await ask(next, { do: 'check' })).toEqual({ ok: null });
			expect(await keysOf(storage, 'jobs/')).toEqual([`jobs/${job}/${id}.json`]);
			expect(await ask(next, { do: 'release' })).toEqual({ ok: null });
		}, 120_000);

		test('survives the loss of its files between runs', async () => {
			const location = await makePlace();
			const storage = await storageOf(location);
			const processes = await Promise.all(Array.from({ length: 8 }, () => open(location)));
			const { id } = sampleRecord();
			expect(await ask(processes[0]!, { do: 'mark', marker: markerOf(id, [], 41) })).toEqual({ ok: null });
			for (let round = 0; round < 3; round += 1) {
				const answers = await Promise.all(processes.map((one, n) => acquire(one, `run-${n}`)));
				expect(answers.filter((answer) => 'ok' in answer)).toEqual([{ ok: 42 }]);
				const winner = processes[answers.findIndex((answer) => 'ok' in answer)]!;
				expect(await ask(winner, { do: 'release' })).toEqual({ ok: null });
				for (const key of await keysOf(storage, `locks/${job}/`)) await storage.delete(key);
			}
		}, 120_000);
	});
}

export const ask = (one: TestProcess, command: Command): Promise<Answer> => one.ask<Answer>(command);

export function markerOf(id: string, objects: readonly string[], seq = 1): RunMarker {
	return {
		id,
		runId: 'run-1',
		job,
		series: 'data',
		seq,
		kind: 'volume',
		archiveId: '0f'.repeat(16),
		startedAt: '2026-01-31T03:00:00.000Z',
		host: 'h',
		writer: 'backup',
		objects,
	};
}

function storageOf(location: Location): Promise<Storage> {
	const { signal } = new AbortController();
	return openStorage(location, { scratch: null, clock: systemClock, random: systemRandom, signal });
}
