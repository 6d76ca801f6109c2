/** What the daemon says while it pulls an image, as one text and one percentage for people. */
import type { Fields } from '../protocol/parse';

/** `percent`: 0 to 100, never falling; absent until the size of a layer is known. */
export type OnProgress = (text: string, percent?: number) => void;

/** A listener for the lines of a pull, which reports whenever there is something new to see. */
export function pullReport(
	reference: string,
	onProgress: OnProgress = () => undefined,
): (line: Fields) => void {
	const layers = new Map<string, { current: number; total: number }>();
	let percent: number | undefined;
	let last = '';
	return (line) => {
		const { id, status } = line;
		if (typeof id !== 'string' || typeof status !== 'string') return;
		const detail = (line['progressDetail'] ?? {}) as Fields;
		const known = layers.get(id);
		if (status === 'Downloading' && typeof detail['current'] === 'number') {
			const total = typeof detail['total'] === 'number' ? detail['total'] : detail['current'];
			layers.set(id, { current: detail['current'], total });
		} else if (known && /^(Download complete|Pull complete|Extracting)$/.test(status)) {
			layers.set(id, { ...known, current: known.total });
		}
		const sum = (of: 'current' | 'total') => [...layers.values()].reduce((all, layer) => all + layer[of], 0);
		if (sum('total') === 0) return;
		percent = Math.max(percent ?? 0, Math.floor((100 * sum('current')) / sum('total')));
		const text = `pulling ${reference}: ${megabytes(sum('current'))} of ${megabytes(sum('total'))} MB`;
		if (text !== last) onProgress(text, percent);
		last = text;
	};
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
