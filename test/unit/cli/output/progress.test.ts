import { showProgress, silence } from '../../../../cli/output/progress';
import type { OperationEvent } from '../../../../operations/index';
import { fakeClock } from '../../../fakes/clock';

function progressOn(display: { isTTY?: boolean; columns?: number }) {
	const clock = fakeClock();
	let text = '';
	const progress = showProgress({ ...display, write: (part: string) => (text += part) }, clock);
	return { progress, clock, text: () => text };
}

const read = (bytesRead: number, bytesWritten = 0, entries = 0): OperationEvent => ({
	event: 'progress',
	id: 'nightly-1',
	bytesRead,
	bytesTotal: null,
	bytesWritten,
	entries,
});
const reading: OperationEvent = { event: 'phase', name: 'reading', id: 'nightly-1' };
const warning = (message: string): OperationEvent => ({
	event: 'warning',
	code: 'file_changed',
	message,
	path: null,
});
const pull = (message: string, percent: number | null): OperationEvent => ({
	event: 'pull',
	message,
	percent,
});
const erased = '\r\u001b[K';

test('elsewhere than on a terminal: a line for each phase, and one every ten seconds', async () => {
	const { progress, clock, text } = progressOn({});
	progress.onEvent(reading);
	await clock.advance(5000);
	progress.onEvent(read(1000));
	await clock.advance(5000);
	progress.onEvent(read(20_000_000, 5_000_000, 1234));
	await clock.advance(9999);
	progress.onEvent(read(30_000_000));
	progress.onEvent(warning('volumes/data/x vanished'));
	progress.close();
	expect(text().split('\n')).toEqual([
		'reading nightly-1',
		'reading nightly-1: 20.0 MB read, 2.00 MB/s, 5.00 MB written, 1,234 files',
		'warning: volumes/data/x vanished',
		'',
	]);
});

test('on a terminal: one line, rewritten, gone at the end', async () => {
	const { progress, clock, text } = progressOn({ isTTY: true, columns: 30 });
	progress.onEvent(reading);
	expect(text()).toBe(`${erased}reading nightly-1`);
	await clock.advance(99);
	progress.onEvent(read(1));
	expect(text()).toBe(`${erased}reading nightly-1`);
	await clock.advance(1);
	progress.onEvent(read(1_000_000));
	expect(text()).toBe(`${erased}reading nightly-1${erased}${'reading nightly-1: 1.00 MB read'.slice(0, 29)}`);
	progress.onEvent(warning('w'));
	expect(text().endsWith(`${erased}warning: w\n`)).toBe(true);
	progress.onEvent(reading);
	await clock.advance(100);
	progress.onEvent(read(1_000_000));
	progress.close();
	expect(text().endsWith(erased)).toBe(true);
});

test('the pull of an image has a bar', async () => {
	const { progress, clock, text } = progressOn({ isTTY: true, columns: 100 });
	progress.onEvent(pull('pulling node:24', null));
	await clock.advance(100);
	progress.onEvent(pull('pulling node:24: 25.0 of 50.0 MB', 50));
	await clock.advance(50);
	progress.onEvent(pull('pulling node:24: 30.0 of 50.0 MB', 60));
	await clock.advance(50);
	progress.onEvent(pull('pulling node:24: 50.0 of 50.0 MB', 100));
	expect(text().split(erased).slice(1)).toEqual([
		'pulling node:24',
		'[############............]  50% pulling node:24: 25.0 of 50.0 MB',
		'[########################] 100% pulling node:24: 50.0 of 50.0 MB',
	]);
});

test('names cannot command the terminal, and warnings do not flood it', () => {
	const { progress, text } = progressOn({});
	for (let number = 1; number <= 22; number += 1) progress.onEvent(warning(`\u001b[2J${number}`));
	progress.close();
	const lines = text().trimEnd().split('\n');
	expect(lines).toHaveLength(21);
	expect(lines[0]).toBe('warning: \\x1b[2J1');
	expect(lines[20]).toBe('warning: 2 more warnings are not shown here');
});

test('nothing after the end', () => {
	const { progress, text } = progressOn({ isTTY: true });
	progress.close();
	progress.onEvent(reading);
	progress.close();
	expect(text()).toBe('');
	silence.onEvent(reading);
	silence.close();
});

test('a terminal that does not know its width has 80 columns', () => {
	const { progress, text } = progressOn({ isTTY: true, columns: 0 });
	progress.onEvent({ event: 'phase', name: 'r'.repeat(200), id: null });
	expect(text()).toBe(`${erased}${'r'.repeat(79)}`);
});
