/** The guard's text, run as it will be: alone in a realm that has only what Node.js gives, on a clock of this test. */
import { createContext, runInContext } from 'node:vm';
import { labels } from '../../../../docker/labels';
import { standGuard } from '../../../../docker/quiesce/guard-program';
import { readOurs } from '../../../../docker/quiesce/ours';
import type { Ask, wake } from '../../../../docker/quiesce/wake';

const second = 1_000;

interface World {
	/** By second since the guard began. */
	readonly containers: (now: number) => readonly object[];
	readonly answers?: (now: number) => boolean;
	readonly wakes?: (now: number) => boolean;
	readonly limitMs?: number;
	/** Seconds that the guard's container exists already. */
	readonly age?: number;
}

const listed = (id: string, role: string, state: string, more: Record<string, string> = {}, created = 0) => ({
	Id: id,
	Names: [`/${id}`],
	State: state,
	Created: created,
	Labels: { [labels.role]: role, [labels.run]: 'r1', ...more },
});
const runner = (state: string) => listed('runner', 'read', state);
const self = listed('self', 'guard', 'running');
const hold = (id: string, order: number) =>
	listed(`hold-${id}`, 'hold', 'created', { [labels.held]: id, [labels.heldOrder]: String(order) });

/** What it did, as `<second>: <what>`, until it ended with the last entry, `exit <code>`. */
async function guarding({ containers, answers, wakes, limitMs = 3600 * second, age = 0 }: World) {
	const did: string[] = [];
	const removed = new Set<string>();
	let now = 0;
	let over = false;
	const note = (what: string) => void (over || did.push(`${now / second}: ${what}`));
	const { promise: ended, resolve: end } = Promise.withResolvers<string[]>();
	const process = {
		env: { HOSTNAME: 'self' },
		hrtime: { bigint: () => BigInt(now) * 1_000_000n },
		stdout: { write: (text: string) => note(text.trim()) },
		on: () => undefined,
		exit: (code: number) => {
			note(`exit ${code}`);
			over = true;
			end(did);
			// As nothing comes after the real one.
			throw new Error('ended');
		},
	};
	const ask: Ask = async (method, path) => {
		if (answers?.(now / second) === false) throw new Error('no answer');
		if (method === 'GET') {
			const body = containers(now / second).filter((each) => !removed.has((each as { Id: string }).Id));
			return { status: 200, body };
		}
		removed.add(path.replace('/containers/', ''));
		note(`${method} ${path}`);
		return { status: 204, body: null };
	};
	const wakeOne: typeof wake = async (_ask, { held }) => {
		if (wakes?.(now / second) === false) throw new Error(`port of ${held.id} is taken`);
		note(`wake ${held.id}`);
		return true;
	};
	const realm = createContext({
		Error,
		setTimeout: (done: () => void, ms: number) => {
			now += ms;
			if (!over) setImmediate(done);
		},
	});
	const program = runInContext(`(${String(standGuard)})`, realm) as typeof standGuard;
	const read = runInContext(`(${String(readOurs)})`, realm) as typeof readOurs;
	const wallClock = () => now + age * second;
	const surroundings = { ask, process: process as never, wallClock, names: labels, read, wakeOne };
	const plan = { runId: 'r1', limitMs, order: ['b', 'a'], roleLabel: labels.role, holdPrefix: 'hold-' };
	program(surroundings, plan).catch((error: unknown) => {
		if (!over) throw error;
	});
	return await ended;
}

test('it watches while the runner works, then wakes in order, waits a little, and leaves nothing', async () => {
	const containers = (now: number) => [
		self,
		runner(now < 10 ? 'running' : 'exited'),
		hold('a', 0),
		hold('b', 1),
	];
	expect(await guarding({ containers })).toEqual([
		'0: watching',
		'10: wake b',
		'10: DELETE /containers/hold-b',
		'10: wake a',
		'10: DELETE /containers/hold-a',
		'16: DELETE /containers/runner',
		'16: DELETE /containers/self',
		'16: exit 0',
	]);
});

test('the limit: the runner stays', async () => {
	const containers = () => [self, runner('running'), hold('a', 0)];
	expect(await guarding({ containers, limitMs: 60 * second })).toEqual([
		'0: watching',
		'62: wake a',
		'62: DELETE /containers/hold-a',
		'68: DELETE /containers/self',
		'68: exit 0',
	]);
});

test('started again, it counts from the hold', async () => {
	const containers = () => [self, runner('running'), hold('a', 0)];
	const did = await guarding({
		containers: () => [...containers(), { ...hold('b', 1), Created: 100 }],
		limitMs: 60 * second,
		age: 150,
	});
	expect(did.slice(0, 2)).toEqual(['0: watching', '12: wake b']);
});

test('what does not start is tried again', async () => {
	const containers = () => [self, hold('a', 0)];
	const did = await guarding({ containers, wakes: (now) => now >= 4 });
	expect(did).toEqual([
		'0: watching',
		'0: port of a is taken',
		'2: port of a is taken',
		'4: wake a',
		'4: DELETE /containers/hold-a',
		'6: DELETE /containers/self',
		'6: exit 0',
	]);
});

test('for a day, and then it is the next operation that tries', async () => {
	const did = await guarding({ containers: () => [self, hold('a', 0)], wakes: () => false });
	expect(did.slice(-2).map((line) => line.replace(/^\d+: /, ''))).toEqual([
		'DELETE /containers/self',
		'exit 0',
	]);
	expect(Number(did.at(-1)?.split(':')[0])).toBeGreaterThan(86_400);
});

test('a daemon that does not answer: it ends with an error, to be started again', async () => {
	const containers = () => [self, runner('running')];
	const did = await guarding({ containers, answers: (now) => now < 6 });
	expect(did.slice(0, 2)).toEqual(['0: watching', '6: no answer']);
	expect(did.at(-1)).toBe('36: exit 1');
});
