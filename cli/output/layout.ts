/**
 * Text for a terminal. Whatever comes from a repository or a host may have been written by others, so
 * control characters are shown as escapes and never sent to the terminal.
 */

export interface Column<T> {
	readonly title: string;
	readonly align: 'left' | 'right';
	readonly cell: (row: T) => string;
}

/** Rows under their titles, columns aligned, two spaces apart; whole lines. */
export function table<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
	const cells = [
		columns.map(({ title }) => title),
		...rows.map((row) => columns.map(({ cell }) => printable(cell(row)))),
	];
	const widths = columns.map((_, position) =>
		Math.max(...cells.map((row) => [...(row[position] ?? '')].length)),
	);
	return cells
		.map((row) =>
			row
				.map((text, position) => {
					const gap = ' '.repeat((widths[position] ?? 0) - [...text].length);
					return columns[position]?.align === 'right' ? gap + text : text + gap;
				})
				.join('  ')
				.trimEnd(),
		)
		.map((line) => `${line}\n`)
		.join('');
}

/** `name   value` lines, values aligned. */
export function pairs(entries: readonly (readonly [name: string, value: string])[]): string {
	const column = Math.max(0, ...entries.map(([name]) => name.length)) + 2;
	return entries.map(([name, value]) => `${name.padEnd(column)}${printable(value)}\n`).join('');
}

/** The text on one line, without anything that a terminal would obey. */
export function printable(text: string): string {
	return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu, (character) => {
		const code = character.codePointAt(0) ?? 0;
		return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
	});
}
