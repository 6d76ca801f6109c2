import { startDeadline, StalledError, withDeadline } from '../../../../../engine/repository/s3/deadline';
import { fakeClock } from '../../../../fakes/clock';

const never = () => new Promise<never>(() => undefined);

describe('a deadline', () => {
	it('ends work in which nothing moves, and says so', async () => {
		const clock = fakeClock();
		let aborted: AbortSignal | undefined;
		const work = withDeadline({ clock, idleMs: 1000, signal: undefined }, async ({ signal }) => {
			aborted = signal;
			return await never();
		});
		await expect(clock.advanceUntil(work)).rejects.toBeInstanceOf(StalledError);
		expect(aborted?.aborted).toBe(true);
		expect(clock.monotonic()).toBe(2000);
	});

	it('lets work go on that moves, however long', async () => {
		const clock = fakeClock();
		const work = withDeadline({ clock, idleMs: 1000, signal: undefined }, async ({ moved }) => {
			for (let n = 0; n < 10; n += 1) {
				await clock.sleep(999);
				moved();
			}
			return 'done';
		});
		expect(await clock.advanceUntil(work)).toBe('done');
		expect(clock.sleeping).toBe(0);
	});

	it('does not count while it pauses', async () => {
		const clock = fakeClock();
		const deadline = startDeadline({ clock, idleMs: 1000, signal: undefined });
		deadline.pause();
		await clock.advance(10_000);
		expect(deadline.signal.aborted).toBe(false);
		deadline.moved();
		await clock.advance(1000);
		expect(deadline.signal.reason).toBeInstanceOf(StalledError);
		deadline.end();
	});

	it('passes an abort on with its reason, at once', async () => {
		const clock = fakeClock();
		const outer = new AbortController();
		const reason = new Error('stop');
		const work = withDeadline({ clock, idleMs: 1000, signal: outer.signal }, never);
		outer.abort(reason);
		await expect(work).rejects.toBe(reason);
		const late = withDeadline({ clock, idleMs: 1000, signal: outer.signal }, async () => 'x');
		await expect(late).rejects.toBe(reason);
		expect(clock.sleeping).toBe(0);
	});

	it('ends what still runs of work that failed, and leaves alone what succeeded', async () => {
		const clock = fakeClock();
		const signals: AbortSignal[] = [];
		const run = async (result: Promise<string>) =>
			await withDeadline({ clock, idleMs: 1000, signal: undefined }, async ({ signal }) => {
				signals.push(signal);
				return await result;
			});
		expect(await run(Promise.resolve('fine'))).toBe('fine');
		await expect(run(Promise.reject(new Error('early answer')))).rejects.toThrow('early answer');
		expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
		await clock.advance(10_000);
		expect(signals[0]?.aborted).toBe(false);
	});
});
