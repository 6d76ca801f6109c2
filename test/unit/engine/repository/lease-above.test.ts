/** A lease whose generation must be above a number that came from elsewhere. */
import { acquireLease, type Lease } from '../../../../engine/repository/lease';
import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import { fakeClock } from '../../../fakes/clock';

function lab() {
	const storage = createMemoryStorage();
	const clock = fakeClock();
	const acquire = (runId: string, above?: number): Promise<Lease> =>
		acquireLease(storage, 'nightly', {
			runId,
			host: 'h',
			waitMs: 0,
			clock,
			...(above !== undefined && { above }),
		});
	return { clock, acquire };
}

test.each([
	[0, 1],
	[1, 2],
	[7, 8],
	[4_999_999_999, 5_000_000_000],
	// Nobody reaches that honestly: it is not believed.
	[5_000_000_000, 1],
])('above %d it is %d, and goes on from there', async (above, generation) => {
	const { clock, acquire } = lab();
	const lease = await acquire('a', above);
	expect(lease.generation).toBe(generation);
	await clock.advance(3600_000);
	await lease.check();
	await expect(clock.advanceUntil(acquire('b'))).rejects.toMatchObject({ code: 'locked' });
	await lease.release();
	const next = await acquire('c', above);
	expect(next.generation).toBe(generation + 1);
	await next.release();
	expect(clock.sleeping).toBe(0);
});

test('of eight at once, with and without a number, exactly one has it', async () => {
	const { clock, acquire } = lab();
	const claims = await clock.advanceUntil(
		Promise.allSettled(
			[...Array(8).keys()].map((run) => acquire(`run ${run}`, run % 2 === 0 ? 9 : undefined)),
		),
	);
	const held = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []));
	expect(held).toHaveLength(1);
	await held[0]!.check();
	await held[0]!.release();
	const next = await acquire('next', 9);
	expect(next.generation).toBeGreaterThan(9);
	await next.release();
});
