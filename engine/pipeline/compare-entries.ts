/**
 * What differs between two trees: their entries in the order of paths, walked side by side, one of each in memory.
 *
 * Contents are compared by their SHA-256, so the bytes need not be at hand. Never compared: ctime, atime, the size of
 * directories, the values of extended attributes (an index has their names). A hard link has no content of its own:
 * where its file differs, the file's first name tells it.
 */
import type { DifferenceAspect, DifferenceKind } from '../../protocol/events';
import { entryLinkTarget, entryPath, type IndexEntry } from '../format/index-entry';
import { comparePaths } from '../format/path-order';

export interface ComparedEntry {
	/** Of the second tree, where it is in both. */
	readonly entry: IndexEntry;
	readonly kind: DifferenceKind | 'same';
	/** Of what is in both: what of it differs. */
	readonly what: readonly DifferenceAspect[];
}

type Entries = AsyncIterable<IndexEntry>;

/** Every path of either tree. `added` is only in the second. */
export async function* compareEntries(first: Entries, second: Entries): AsyncGenerator<ComparedEntry> {
	const iterators = [first[Symbol.asyncIterator](), second[Symbol.asyncIterator]()] as const;
	try {
		let [old, now] = await Promise.all(iterators.map(nextOf));
		while (old !== undefined || now !== undefined) {
			const order = old === undefined ? 1 : now === undefined ? -1 : comparePaths(old.path, now.path);
			if (old !== undefined && order < 0) {
				yield { entry: old.entry, kind: 'removed', what: [] };
				old = await nextOf(iterators[0]);
			} else if (now !== undefined && order > 0) {
				yield { entry: now.entry, kind: 'added', what: [] };
				now = await nextOf(iterators[1]);
			} else if (old !== undefined && now !== undefined) {
				const what = differingAspects(old.entry, now.entry);
				yield { entry: now.entry, kind: what.length === 0 ? 'same' : 'changed', what };
				[old, now] = await Promise.all(iterators.map(nextOf));
			}
		}
	} finally {
		await Promise.all(iterators.map(async (iterator) => await iterator.return?.()));
	}
}

interface Placed {
	readonly entry: IndexEntry;
	readonly path: Buffer;
}

async function nextOf(iterator: AsyncIterator<IndexEntry>): Promise<Placed | undefined> {
	const next = await iterator.next();
	return next.done === true ? undefined : { entry: next.value, path: entryPath(next.value) };
}

/** What differs of two entries of one path. Of two different types nothing else can be compared. */
export function differingAspects(a: IndexEntry, b: IndexEntry): DifferenceAspect[] {
	// A file that has several names is a hard link under all but the first: which name that is may change.
	const relinked = isFile(a) && isFile(b) && a.type !== b.type;
	if (a.type !== b.type && !relinked) return ['type'];
	const differs: Readonly<Record<Exclude<DifferenceAspect, 'type'>, boolean>> = {
		size: !relinked && a.size !== b.size,
		mode: a.mode !== b.mode,
		owner: a.uid !== b.uid || a.gid !== b.gid,
		mtime: a.mtimeNs !== b.mtimeNs,
		link: linkOf(a) !== linkOf(b),
		content: !relinked && (a.sha256 !== b.sha256 || a.sha256Stored !== b.sha256Stored),
		device: a.device?.major !== b.device?.major || a.device?.minor !== b.device?.minor,
		xattrs: !relinked && attributesOf(a) !== attributesOf(b),
	};
	return aspects.filter((aspect) => differs[aspect]);
}

const aspects = ['size', 'mode', 'owner', 'mtime', 'link', 'content', 'device', 'xattrs'] as const;

const isFile = ({ type }: IndexEntry): boolean => type === 'file' || type === 'hardlink';

const linkOf = (entry: IndexEntry): string | undefined => entryLinkTarget(entry)?.toString('latin1');

/** File systems list them in an order of their own. */
const attributesOf = ({ xattrs = [] }: IndexEntry): string => xattrs.toSorted().join('\0');

/** Whether something with this difference holds other content: its owners, modes, times and attributes aside. */
export function touchesContent({ kind, what }: ComparedEntry): boolean {
	if (kind === 'added' || kind === 'removed') return true;
	return what.some((aspect) => contentAspects.has(aspect));
}

const contentAspects: ReadonlySet<DifferenceAspect> = new Set(['type', 'size', 'link', 'content', 'device']);
