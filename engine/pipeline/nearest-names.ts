/** What a user may have meant by a path that is not there: names in the folder where it goes wrong, the most alike first. */
import { entryPath } from '../format/index-entry';
import { belowVolume, type Entries } from './select-entries';
import type { Glob } from './globs';

/** Entries looked at, at most. */
const mostLookedAt = 20_000;
const mostNames = 3;

export async function nearestNames(
	index: Entries,
	volume: string,
	{ folder }: Glob,
	signal: AbortSignal,
): Promise<string[]> {
	const root = `volumes/${volume}`;
	const names = folder.length === 0 ? [] : folder.toString('latin1').split('/');
	let known = 0;
	const pathOf = (count: number) => Buffer.from([root, ...names.slice(0, count)].join('/'), 'latin1');
	while (known < names.length && (await index.find(pathOf(known + 1))) !== undefined) known++;
	const parent = pathOf(known);
	const wanted = names[known] ?? '';
	const children = new Set<string>();
	let looked = 0;
	for await (const entry of index.entriesUnder(parent, signal)) {
		if (looked++ === mostLookedAt) break;
		const rest = entryPath(entry)
			.subarray(parent.length + 1)
			.toString('latin1');
		const [child] = rest.split('/');
		if (child) children.add(child);
	}
	return [...children]
		.map((child) => ({ child, distance: distance(child.toLowerCase(), wanted.toLowerCase()) }))
		.sort((a, b) => a.distance - b.distance)
		.slice(0, mostNames)
		.map(({ child }) =>
			belowVolume(Buffer.from(`${parent.toString('latin1')}/${child}`, 'latin1')).toString(),
		);
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
	let row = Array.from({ length: b.length + 1 }, (_, position) => position);
	for (const [i, character] of [...a].entries()) {
		const next = [i + 1];
		for (let j = 0; j < b.length; j++) {
			const changed = (row[j] ?? 0) + (b[j] === character ? 0 : 1);
			next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
		}
		row = next;
	}
	return row[b.length] ?? 0;
}
