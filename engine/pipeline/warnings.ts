/** Warnings of one archive: all are told, the first hundred are kept for the record, the rest counted. */
import type { RecordWarning } from '../../protocol/record';

const mostKept = 100;

export interface WarningList {
	readonly kept: readonly RecordWarning[];
	readonly omitted: number;
	add(warning: RecordWarning): void;
}

export function collectWarnings(tell: (warning: RecordWarning) => void): WarningList {
	const kept: RecordWarning[] = [];
	let omitted = 0;
	return {
		kept,
		get omitted() {
			return omitted;
		},
		add({ code, message, path }) {
			const warning = { code, message, path };
			if (kept.length < mostKept) {
				kept.push(warning);
				tell(warning);
			} else {
				omitted += 1;
			}
		},
	};
}
