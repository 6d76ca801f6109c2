import { formatBytes, narrate } from '../../../../nodes/shared/progress';
import { type OperationEvent } from '../../../../operations/index';
import { exampleRecord } from '../example-record';

function listener() {
	const said: string[] = [];
	let time = 0;
	const clock = { now: () => 0, monotonic: () => time, sleep: () => Promise.resolve() };
	const tell = narrate(clock, (line) => said.push(line));
	return {
		said,
		at(milliseconds: number, ...events: OperationEvent[]) {
			time = milliseconds;
			events.forEach(tell);
		},
	};
}

const progress = (bytesRead: number): OperationEvent => ({
	event: 'progress',
	id: 'x',
	bytesRead,
	bytesTotal: null,
	bytesWritten: 10,
	entries: 2,
});

test('progress at most once a second', () => {
	const { said, at } = listener();
	at(0, progress(1000));
	at(999, progress(2000));
	at(1000, progress(3000));
	expect(said).toEqual([
		'x: 1.0 kB read, 10 B written, 2 entries',
		'x: 3.0 kB read, 10 B written, 2 entries',
	]);
});

test('phases and ends are told at once', () => {
	const { said, at } = listener();
	at(
		0,
		{ event: 'phase', name: 'reading', id: 'x' },
		{ event: 'phase', name: 'waiting', id: null },
		{ event: 'sealed', record: exampleRecord },
		{
			event: 'failed',
			record: { ...exampleRecord, error: { code: 'source_failed', message: 'tar died', hint: null } },
		},
	);
	expect(said).toEqual([
		'x: reading',
		'waiting',
		'nightly-20260131T030000Z-1f2e: complete, 1.2 kB',
		'nightly-20260131T030000Z-1f2e: failed: tar died',
	]);
});

test('a pull tells each of its steps, and its percentages once a second', () => {
	const { said, at } = listener();
	const pull = (message: string, percent: number | null): OperationEvent => ({
		event: 'pull',
		message,
		percent,
	});
	at(0, pull('pulling node:24', null), pull('pulling node:24', 1), pull('pulling node:24', 2));
	at(1500, pull('pulling node:24', 50.4), pull('pulled', null));
	expect(said).toEqual(['pulling node:24', 'pulling node:24 (50 %)', 'pulled']);
});

test('heartbeats are no news', () => {
	const { said, at } = listener();
	at(0, { event: 'heartbeat' }, { event: 'source-read', id: 'a-1' });
	expect(said).toEqual([]);
});

test.each([
	[0, '0 B'],
	[1, '1 B'],
	[999, '999 B'],
	[1000, '1.0 kB'],
	[99_949, '99.9 kB'],
	[1_000_000, '1.0 MB'],
	[123_456_789, '123 MB'],
	[3.9e9, '3.9 GB'],
	[2e18, '2000 PB'],
])('%d bytes', (bytes, text) => {
	expect(formatBytes(bytes)).toBe(text);
});
