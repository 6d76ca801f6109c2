/** A deadline outlives thousands of races, such as one for every chunk of an archive: it must keep none of them. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startDeadline } from '../../../../../engine/repository/s3/deadline';
import { fakeClock } from '../../../../fakes/clock';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('results of races that are over are free to go', async () => {
	const outer = new AbortController();
	const deadline = startDeadline({ clock: fakeClock(), idleMs: 1000, signal: outer.signal });
	const results: WeakRef<Buffer>[] = [];
	for (let race = 0; race < 100; race += 1) {
		results.push(new WeakRef(await deadline.race(Promise.resolve(Buffer.alloc(1000)))));
	}
	await new Promise((resolve) => setImmediate(resolve));
	collectGarbage();
	const kept = results.filter((result) => result.deref() !== undefined);
	// The last one may still be in a register.
	expect(kept.length).toBeLessThan(5);
	deadline.end();
});
