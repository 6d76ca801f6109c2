/** What a directory gets of a tree: nothing that has powers of its own (devices, set-id bits, capabilities). */
import type { TreeFacts } from './describe-tree';

export function withoutPowers(tree: ReadonlyMap<string, TreeFacts>): Map<string, TreeFacts> {
	const kept = [...tree].filter(([, { type }]) => type !== 'character' && type !== 'block');
	return new Map(
		kept.map(([path, facts]) => {
			if (facts.type !== 'file') return [path, facts];
			const { 'security.capability': _, ...xattrs } = facts.xattrs;
			const mode = (Number.parseInt(facts.mode, 8) & ~0o6000).toString(8).padStart(4, '0');
			return [path, { ...facts, mode, xattrs }];
		}),
	);
}
