/**
 * What happens meanwhile, on stderr. On a terminal one line is rewritten (bytes, rate, files; a bar where
 * the end is known); elsewhere there is a line for each phase and one every ten seconds. Warnings are
 * lines in both. `close` leaves the terminal clean; nothing is written after it.
 */
import type { OperationContext, OperationEvent } from '../../operations/index';
import { count, size } from './figures';
import { printable } from './layout';

export interface Progress {
	onEvent(event: OperationEvent): void;
	close(): void;
}

/** The part of stderr that progress needs; `columns` is undefined when it is no terminal, 0 when nobody knows. */
export interface Display {
	readonly isTTY?: boolean;
	readonly columns?: number;
	write(text: string): unknown;
}

const lineEveryMs = 10_000;
const redrawEveryMs = 100;
const mostWarnings = 20;
const barWidth = 24;
const pulling = 'pulling the image';

export const silence: Progress = { onEvent: () => undefined, close: () => undefined };

export function showProgress(display: Display, clock: OperationContext['clock']): Progress {
	const terminal = display.isTTY === true;
	const pace = terminal ? redrawEveryMs : lineEveryMs;
	let drawn = false;
	let closed = false;
	let warnings = 0;
	let phase = '';
	let phaseStart = clock.monotonic();
	let last = phaseStart;

	const erase = () => {
		if (drawn) display.write('\r\x1b[K');
		drawn = false;
	};
	const line = (text: string) => {
		erase();
		display.write(`${printable(text)}\n`);
	};
	const status = (text: string) => {
		if (!terminal) return line(text);
		// The last column stays free: some terminals wrap when it is written.
		display.write(`\r\x1b[K${[...printable(text)].slice(0, (display.columns || 80) - 1).join('')}`);
		drawn = true;
	};
	const enter = (name: string) => {
		if (name === phase) return;
		phase = name;
		phaseStart = clock.monotonic();
		last = phaseStart;
		status(name);
	};
	const due = (): boolean => {
		const now = clock.monotonic();
		if (now - last < pace) return false;
		last = now;
		return true;
	};

	const show = (event: OperationEvent) => {
		switch (event.event) {
			case 'phase':
				return enter(event.id === null ? event.name : `${event.name} ${event.id}`);
			case 'pull': {
				const started = phase !== pulling;
				phase = pulling;
				if (due() || started)
					status(event.percent === null ? event.message : `${bar(event.percent)} ${event.message}`);
				return;
			}
			case 'progress':
				if (phase === '') phase = event.id ?? 'working';
				if (due()) status(`${phase}: ${figures(event, clock.monotonic() - phaseStart)}`);
				return;
			case 'warning':
				warnings += 1;
				if (warnings <= mostWarnings) line(`warning: ${event.message}`);
				return;
			default:
		}
	};
	return {
		onEvent(event) {
			if (!closed) show(event);
		},
		close() {
			if (closed) return;
			closed = true;
			erase();
			if (warnings > mostWarnings)
				line(`warning: ${count(warnings - mostWarnings)} more warnings are not shown here`);
		},
	};
}

function figures(event: Extract<OperationEvent, { event: 'progress' }>, elapsedMs: number): string {
	const parts = [`${size(event.bytesRead)} read`];
	if (elapsedMs > 0) parts.push(`${size(Math.round((event.bytesRead * 1000) / elapsedMs))}/s`);
	if (event.bytesWritten > 0) parts.push(`${size(event.bytesWritten)} written`);
	if (event.entries > 0) parts.push(`${count(event.entries)} files`);
	return parts.join(', ');
}

function bar(percent: number): string {
	const filled = Math.round((Math.min(100, Math.max(0, percent)) * barWidth) / 100);
	return `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${String(Math.floor(percent)).padStart(3)}%`;
}
