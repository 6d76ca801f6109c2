/**
 * The places of a restore as one sink: a tar for each place, one after the other, each closed when the next begins.
 * `kill` ends whatever runs. Throws as `writeTree`.
 */
import { endOfArchive } from '../format/tar-scanner';
import { writeTree, type TreeWriter } from '../sources/gnu-tar';
import type { TarFinding } from '../sources/tar-messages';
import type { Place, TargetStrategy } from './target';

export interface Trees {
	/** Whole entries of a volume, or pieces of one. */
	write(source: string, bytes: Buffer): Promise<void>;
	end(): Promise<void>;
	kill(): Promise<void>;
}

export function openTrees(
	strategy: Pick<TargetStrategy, 'placeOf'>,
	signal: AbortSignal,
	onWarning: (finding: TarFinding) => void,
): Trees {
	let current: { readonly place: Place; readonly tree: TreeWriter } | undefined;
	const close = async () => {
		await current?.tree.write(endOfArchive);
		await current?.tree.end();
		current = undefined;
	};
	return {
		async write(source, bytes) {
			const place = strategy.placeOf(source);
			if (current?.place.directory !== place.directory) {
				await close();
				const options = { members: [], stripComponents: place.stripComponents };
				current = { place, tree: writeTree(place.directory, options, signal, onWarning) };
			}
			await current.tree.write(bytes);
		},
		end: close,
		async kill() {
			await current?.tree.kill();
		},
	};
}

/** Where tar puts an entry of this path (bytes). */
export function extractedPath({ directory, stripComponents }: Place, path: Buffer): Buffer {
	let start = 0;
	for (let names = 0; names < stripComponents; names++) start = path.indexOf(slash, start) + 1;
	return Buffer.concat([Buffer.from(`${directory}/`), path.subarray(start)]);
}

const slash = 0x2f;
