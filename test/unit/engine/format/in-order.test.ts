import { mapInOrder } from '../../../../engine/format/in-order';
import { gather } from './chunks';

/** Work that ends when the test says so, and what is known of it. */
function controlled() {
	const ends = new Map<number, { resolve: (value: string) => void; reject: (error: Error) => void }>();
	let running = 0;
	let most = 0;
	const work = async (item: number) => {
		most = Math.max(most, ++running);
		try {
			return await new Promise<string>((resolve, reject) => ends.set(item, { resolve, reject }));
		} finally {
			running--;
		}
	};
	return { work, ends, most: () => most, running: () => running };
}

interface Counted {
	readonly source: AsyncGenerator<number>;
	readonly given: () => number;
	readonly closed: () => boolean;
}

function counting(count: number, failure?: Error): Counted {
	let given = 0;
	let closed = false;
	async function* numbers(): AsyncGenerator<number> {
		try {
			while (given < count) yield await Promise.resolve(given++);
			if (failure !== undefined) throw failure;
		} finally {
			closed = true;
		}
	}
	return { source: numbers(), given: () => given, closed: () => closed };
}

/** Lets everything that can go on without outside help go on. */
const settle = async () => {
	for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
};

describe('mapInOrder', () => {
	it('gives results in the order of the items, whichever is ready first', async () => {
		const { work, ends } = controlled();
		const reading = gather(mapInOrder(counting(3).source, work, { concurrency: 3 }));
		for (const item of [2, 0, 1]) {
			await settle();
			ends.get(item)?.resolve(`result ${item}`);
		}
		expect(await reading).toEqual(['result 0', 'result 1', 'result 2']);
	});

	it('works on so many at a time and reads ahead only a little', async () => {
		const { work, ends, most } = controlled();
		const { source, given } = counting(100);
		const results = mapInOrder(source, work, { concurrency: 2 });
		const first = results.next();
		await settle();
		expect([...ends.keys()]).toEqual([0, 1]);
		expect(given()).toBe(3);
		for (let item = 0; item < 100; item++) {
			await settle();
			ends.get(item)?.resolve('');
		}
		await first;
		// The consumer took one result: two running, two waiting and one read ahead may have followed.
		expect(given()).toBeLessThanOrEqual(1 + 2 + 2 + 1 + 1);
		const rest = gather(results);
		for (let item = 0; item < 100; item++) {
			await settle();
			ends.get(item)?.resolve('');
		}
		expect(await rest).toHaveLength(99);
		expect(most()).toBe(2);
	});

	it('puts an error of the work in its place', async () => {
		const failure = new Error('second failed');
		const { work, ends } = controlled();
		const { source, closed } = counting(5);
		const results = mapInOrder(source, work, { concurrency: 2 });
		const first = results.next();
		await settle();
		ends.get(1)?.reject(failure);
		await settle();
		ends.get(0)?.resolve('fine');
		expect(await first).toEqual({ done: false, value: 'fine' });
		const second = results.next();
		const refused = expect(second).rejects.toBe(failure);
		for (let item = 2; item < 5; item++) {
			await settle();
			ends.get(item)?.resolve('');
		}
		await refused;
		expect(closed()).toBe(true);
	});

	it('puts an error of the source after the results before it', async () => {
		const failure = new Error('source failed');
		const results = mapInOrder(counting(2, failure).source, (item) => Promise.resolve(item), {
			concurrency: 2,
		});
		expect((await results.next()).value).toBe(0);
		expect((await results.next()).value).toBe(1);
		await expect(results.next()).rejects.toBe(failure);
	});

	it('waits for running work when the consumer stops early, and closes the source', async () => {
		const { work, ends, running } = controlled();
		const { source, closed } = counting(10);
		const results = mapInOrder(source, work, { concurrency: 2 });
		const first = results.next();
		await settle();
		ends.get(0)?.resolve('');
		await first;
		let returned = false;
		const returning = results.return(undefined).then(() => (returned = true));
		await settle();
		expect(returned).toBe(false);
		for (const end of ends.values()) end.resolve('');
		await returning;
		expect(running()).toBe(0);
		expect(closed()).toBe(true);
	});

	it('does not wait for a source that waits for data', async () => {
		async function* endless(): AsyncGenerator<number> {
			yield 1;
			await new Promise(() => undefined);
		}
		const results = mapInOrder(endless(), (item) => Promise.resolve(item), { concurrency: 2 });
		expect((await results.next()).value).toBe(1);
		await results.return(undefined);
	});

	it.each([0, -1, NaN])('refuses a concurrency of %d', async (concurrency) => {
		const results = mapInOrder(counting(1).source, (item) => Promise.resolve(item), { concurrency });
		await expect(gather(results)).rejects.toThrow(RangeError);
	});

	it('refuses to start when already aborted', async () => {
		const reason = new Error('too late');
		const { source, given } = counting(1);
		const options = { concurrency: 1, signal: AbortSignal.abort(reason) };
		await expect(gather(mapInOrder(source, (item) => Promise.resolve(item), options))).rejects.toBe(reason);
		expect(given()).toBe(0);
	});
});
