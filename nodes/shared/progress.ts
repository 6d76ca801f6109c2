/**
 * What an operation tells while it runs, as short lines for people: progress at most once a second, phases
 * and pulls as they come. Never a secret: events hold none.
 */
import type { OperationContext, OperationEvent } from '../../operations';

const everyMs = 1000;

/** A listener for events that hands lines to `say`. */
export function narrate(
	clock: OperationContext['clock'],
	say: (line: string) => void,
): OperationContext['onEvent'] {
	let spokenAt = -Infinity;
	let pulled = '';
	return (event) => {
		const line = lineOf(event);
		if (line === undefined) return;
		if (event.event === 'progress' || event.event === 'pull') {
			const isNews = event.event === 'pull' && pulled !== event.message && event.percent === null;
			if (!isNews && clock.monotonic() - spokenAt < everyMs) return;
			spokenAt = clock.monotonic();
			if (event.event === 'pull') pulled = event.message;
		}
		say(line);
	};
}

/** Undefined for events that mean nothing to people. */
function lineOf(event: OperationEvent): string | undefined {
	switch (event.event) {
		case 'pull':
			return event.percent === null ? event.message : `${event.message} (${Math.round(event.percent)} %)`;
		case 'phase':
			return event.id === null ? event.name : `${event.id}: ${event.name}`;
		case 'progress': {
			const read = `${formatBytes(event.bytesRead)} read`;
			const written = event.bytesWritten > 0 ? `, ${formatBytes(event.bytesWritten)} written` : '';
			return `${event.id === null ? '' : `${event.id}: `}${read}${written}, ${event.entries} entries`;
		}
		case 'sealed':
			return `${event.record.id}: complete, ${formatBytes(event.record.sizeBytes)}`;
		case 'failed':
			return `${event.record.id}: failed: ${event.record.error?.message ?? 'unknown reason'}`;
		case 'verified':
			return `${event.id}: ${event.ok ? 'sound' : `bad: ${event.error?.message ?? 'unknown reason'}`}`;
		case 'copied':
			return `${event.id}: ${event.error ? `not copied: ${event.error.message}` : event.outcome}`;
		default:
			return undefined;
	}
}

/** e.g. `1.4 GB`; steps of 1000. */
export function formatBytes(bytes: number): string {
	const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
	const exponent = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
	const value = bytes / 1000 ** exponent;
	return `${exponent === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[exponent]}`;
}
