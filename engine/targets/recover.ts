/**
 * What restores that were interrupted left in a volume, finished before the next one does anything: a swap whose new
 * content was whole is brought to its end, an extraction that never became whole is removed, and what a wipe left
 * incomplete is emptied. Throws `target_failed`, `target_full`.
 */
import { BackupError } from '../../protocol/errors';
import { unusable } from './directories';
import { findLeftovers, namesOf } from './journal';
import { below, entriesOf, finishSwap, type Replacement } from './swap';
import type { Target } from './target';

export async function recover(
	{ path: root }: Pick<Target, 'path'>,
	{ files, archive, onWarning }: Replacement,
): Promise<void> {
	const seen = new Set<string>();
	for (;;) {
		const { journals, unfinished } = await findLeftovers(files, root);
		// What one brings in may hold the journal of another: a backup of a volume in the middle of it all.
		const journal = journals.find((each) => each.phase !== 'wiping' && !seen.has(each.archive));
		if (journal) {
			seen.add(journal.archive);
			await finishSwap(files, root, journal, (message) => {
				// Its names are needed again.
				if (journal.archive === archive) throw new BackupError('target_failed', message);
				onWarning(message);
			});
			continue;
		}
		await removing(root, async () => {
			for (const path of unfinished) await files.remove(path);
			const wiped = journals.filter(({ phase }) => phase === 'wiping').map((each) => each.archive);
			const [first] = wiped;
			if (first === undefined) return;
			const kept = wiped.map((each) => namesOf(root, each).journal);
			for (const name of await entriesOf(files, root, namesOf(root, first))) {
				const path = below(Buffer.from(root), name);
				if (!kept.some((other) => other.equals(path))) await files.remove(path);
			}
		});
		return;
	}
}

/** Below a directory of theirs there is one of a restore that has to be finished first. */
export async function requireSettled(
	{ path: root }: Pick<Target, 'path'>,
	{ files }: Pick<Replacement, 'files'>,
): Promise<void> {
	const [journal] = (await findLeftovers(files, root)).journals;
	if (!journal) return;
	throw new BackupError('target_failed', `a restore over this volume was interrupted (${journal.archive})`, {
		hint: 'Restore over the volume again: that finishes it first.',
	});
}

export async function hasLeftovers(
	targets: readonly Target[],
	{ files }: Pick<Replacement, 'files'>,
): Promise<boolean> {
	for (const { path } of targets) {
		const { journals, unfinished } = await findLeftovers(files, path);
		if (journals.length + unfinished.length > 0) return true;
	}
	return false;
}

async function removing(root: string, work: () => Promise<void>): Promise<void> {
	try {
		await work();
	} catch (cause) {
		throw cause instanceof BackupError ? cause : unusable(root, cause);
	}
}
