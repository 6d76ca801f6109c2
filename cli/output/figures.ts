/** Sizes, counts, durations and times as people read them; independent of locale and time zone (UTC). */

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Three digits or so, in powers of 1000: `999 B`, `1.00 kB`, `12.3 MB`. */
export function size(bytes: number): string {
	let value = bytes;
	let unit = 0;
	// 999.5 would be shown as 1000.
	while (value >= 999.5 && unit < units.length - 1) {
		value /= 1000;
		unit += 1;
	}
	if (unit === 0) return `${bytes} B`;
	const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
	return `${value.toFixed(digits)} ${units[unit]}`;
}

/** `1,234,567` */
export function count(value: number): string {
	return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 entry`, `1,234 entries` */
export function entriesOf(value: number): string {
	return `${count(value)} ${value === 1 ? 'entry' : 'entries'}`;
}

/** `0.42 s`, `12.3 s`, `3 min 05 s`, `2 h 03 min`. */
export function duration(milliseconds: number): string {
	const seconds = milliseconds / 1000;
	if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
	if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
	const whole = Math.round(seconds);
	if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
	const minutes = Math.round(seconds / 60);
	return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** `2026-01-31 03:00:00Z` of an ISO 8601 time. */
export function time(iso: string): string {
	return iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}

const pad = (value: number): string => String(value).padStart(2, '0');
