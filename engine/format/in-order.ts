/**
 * Works on the items of a stream side by side and gives the results in the stream's order.
 *
 * At most `concurrency` items are being worked on, at most `waitingMax` more results wait, and one more item is
 * read ahead, also while the consumer is busy. An error of the source or of the work comes out in
 * its place, after the results before it. When the consumer stops early, or `signal` aborts (its reason is
 * thrown), running work is waited for and the source is told to stop; a source that is just waiting for data
 * is not waited for.
 */
const waitingMax = 2;

export interface InOrderOptions {
	readonly concurrency: number;
	readonly signal?: AbortSignal;
}

type Outcome<R> = { readonly value: R } | { readonly error: unknown };

export async function* mapInOrder<T, R>(
	source: AsyncIterable<T>,
	work: (item: T) => Promise<R>,
	{ concurrency, signal }: InOrderOptions,
): AsyncGenerator<R> {
	if (!(concurrency >= 1)) throw new RangeError(`nothing is done with a concurrency of ${concurrency}`);
	signal?.throwIfAborted();
	const queue: Promise<Outcome<R>>[] = [];
	const iterator = source[Symbol.asyncIterator]();
	const changed = createBell();
	let running = 0;
	let reading = false;
	let ended = false;
	let stopped = false;

	async function run(item: T): Promise<Outcome<R>> {
		running++;
		try {
			return { value: await work(item) };
		} catch (error) {
			return { error };
		} finally {
			running--;
			changed.ring();
		}
	}

	/** Keeps the queue filled until the source ends or fails; one more item is held ready for the next free place. */
	async function fill(): Promise<void> {
		while (!stopped) {
			reading = true;
			const next = await iterator.next();
			reading = false;
			if (next.done === true) return;
			while (!stopped && (running >= concurrency || queue.length >= concurrency + waitingMax))
				await changed.heard();
			if (stopped) return;
			queue.push(run(next.value));
			changed.ring();
		}
	}

	const filling = fill()
		.catch((error: unknown) => {
			reading = false;
			queue.push(Promise.resolve({ error }));
		})
		.finally(() => {
			ended = true;
			changed.ring();
		});
	signal?.addEventListener('abort', changed.ring);
	try {
		for (;;) {
			signal?.throwIfAborted();
			const head = queue[0];
			if (head === undefined) {
				if (ended) return;
				await changed.heard();
				continue;
			}
			const outcome = await head;
			void queue.shift();
			changed.ring();
			if ('error' in outcome) throw outcome.error;
			yield outcome.value;
		}
	} finally {
		signal?.removeEventListener('abort', changed.ring);
		stopped = true;
		changed.ring();
		const wasReading = reading;
		const stopping = Promise.allSettled([iterator.return?.(), filling]);
		await Promise.all(queue);
		// A source that was asked for data answers only when some comes; its answer is of no interest any more.
		await (wasReading ? undefined : stopping);
	}
}

interface Bell {
	/** Wakes everyone who waits now. */
	readonly ring: () => void;
	/** Resolves at the next ring. */
	readonly heard: () => Promise<void>;
}

function createBell(): Bell {
	let waiting: (() => void)[] = [];
	return {
		ring: () => {
			const woken = waiting;
			waiting = [];
			for (const wake of woken) wake();
		},
		heard: () => new Promise((resolve) => waiting.push(resolve)),
	};
}
