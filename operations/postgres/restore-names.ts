/**
 * Names that a restore gives to databases: at most 63 bytes (longer ones Postgres cuts silently), so that the old
 * name is shortened at a whole character, and never the suffix. A name that is taken gets a number.
 */
const mostBytes = 63;

/** `<database>__restore_<time>-<4 hex>`, from the archive's id. */
export function restoreName(database: string, id: string, taken: ReadonlySet<string>): string {
	return freeName(database, `__restore_${id.split('-').slice(-2).join('-')}`, taken);
}

/** `<database>__before_<yyyymmddThhmmssZ>`; `now` in milliseconds since 1970. */
export function beforeName(database: string, now: number, taken: ReadonlySet<string>): string {
	const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
	return freeName(database, `__before_${stamp}`, taken);
}

/** Whether Postgres would cut it. */
export const isTooLong = (name: string): boolean => Buffer.byteLength(name) > mostBytes;

function freeName(database: string, suffix: string, taken: ReadonlySet<string>): string {
	for (let number = 1; ; number += 1) {
		const name = withSuffix(database, number === 1 ? suffix : `${suffix}_${number}`);
		if (!taken.has(name)) return name;
	}
}

function withSuffix(database: string, suffix: string): string {
	let kept = '';
	let bytes = Buffer.byteLength(suffix);
	for (const character of database) {
		bytes += Buffer.byteLength(character);
		if (bytes > mostBytes) break;
		kept += character;
	}
	return kept + suffix;
}
