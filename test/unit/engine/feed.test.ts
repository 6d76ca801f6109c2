import { Feed } from '../../../engine/feed';
import { BackupError } from '../../../protocol/errors';
import type { EngineEvent } from '../../../protocol/events';

const window = 64;

function newFeed() {
	const said: EngineEvent[] = [];
	const aborter = new AbortController();
	let asked = 0;
	const feed = new Feed({
		id: 'a',
		window,
		signal: aborter.signal,
		say: (event) => said.push(event),
		onAsked: () => (asked += 1),
	});
	const data = (bytes: number) => feed.take({ type: 'data', body: Buffer.alloc(bytes, 1) });
	const end = (description = 'it') =>
		feed.take({ type: 'dataEnd', body: Buffer.from(JSON.stringify({ description, warnings: [] })) });
	const fail = () =>
		feed.take({
			type: 'dataError',
			body: Buffer.from(JSON.stringify({ code: 'timed_out', message: 'too slow', hint: 'be faster' })),
		});
	return { feed, said, aborter, asked: () => asked, data, end, fail };
}

const taken = (said: readonly EngineEvent[]) =>
	said.flatMap((event) => (event.event === 'taken' ? [event.bytes] : []));

test('nothing is asked for before the first read', async () => {
	const { feed, said, asked, end } = newFeed();
	const content = feed.content();
	expect([asked(), said]).toEqual([0, []]);
	const first = content.next();
	expect([asked(), said]).toEqual([1, [{ event: 'feed', id: 'a', window }]]);
	end('text');
	expect(await first).toEqual({ done: true, value: undefined });
	expect(feed.ending()).toEqual({ description: 'text', warnings: [] });
});

test('gives what came in order, and tells in eighths of the window what was used', async () => {
	const { feed, said, data, end } = newFeed();
	const content = feed.content();
	const first = content.next();
	for (const bytes of [3, 4, 0, 2, 20, 1]) data(bytes);
	end();
	expect((await first).value).toHaveLength(3);
	expect(taken(said)).toEqual([]);
	const lengths: number[] = [];
	for await (const chunk of content) lengths.push(chunk.length);
	expect(lengths).toEqual([4, 2, 20, 1]);
	expect(taken(said)).toEqual([9, 29]);
});

test.each([
	['at once', 0],
	['after some was used', 16],
])('exactly the window may wait, and not a byte more, %s', async (_when, used) => {
	const { feed, data } = newFeed();
	const content = feed.content();
	const first = content.next();
	if (used > 0) {
		data(used);
		await first;
		void content.next();
		await new Promise(setImmediate);
	}
	data(window);
	expect(() => data(1)).toThrow(expect.objectContaining({ code: 'protocol_violation' }));
});

test('what is abandoned is dropped, still within the window, up to its end', async () => {
	const { feed, said, data, end } = newFeed();
	const content = feed.content();
	const waiting = content.next();
	feed.abandon();
	expect(await waiting).toEqual({ done: true, value: undefined });
	data(window);
	expect(feed.ended).toBe(false);
	end();
	expect(feed.ended).toBe(true);
	expect(taken(said)).toEqual([]);
	expect(() => data(1)).toThrow(BackupError);
	expect(() => end()).toThrow(BackupError);
});

test("the producer's error comes at once, before what still waits", async () => {
	const { feed, data, fail } = newFeed();
	const content = feed.content();
	const first = content.next();
	data(1);
	data(2);
	expect((await first).value).toHaveLength(1);
	fail();
	await expect(content.next()).rejects.toMatchObject({
		code: 'timed_out',
		message: 'too slow',
		hint: 'be faster',
	});
	expect(() => feed.ending()).toThrow(BackupError);
});

test.each(['before', 'while it waits', 'between two'] as const)(
	"the signal's reason comes at once: %s",
	async (when) => {
		const { feed, aborter, asked, data } = newFeed();
		const content = feed.content();
		const reason = new BackupError('cancelled', 'enough');
		if (when === 'before') aborter.abort(reason);
		const first = content.next();
		if (when === 'between two') {
			data(1);
			data(1);
			await first;
		}
		aborter.abort(reason);
		await expect(when === 'between two' ? content.next() : first).rejects.toBe(reason);
		expect(asked()).toBe(when === 'before' ? 0 : 1);
	},
);

test('a reader that stops early abandons it', async () => {
	const { feed, data } = newFeed();
	const content = feed.content();
	const first = content.next();
	data(1);
	await first;
	await content.return(undefined);
	data(window - 1);
	expect(await content.next()).toEqual({ done: true, value: undefined });
});
