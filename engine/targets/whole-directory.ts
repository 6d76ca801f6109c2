/**
 * Into a directory that is absent or empty: everything goes into one beside it, which gets its name when it is whole.
 * Each target is `<directory>/<source>`: the archive's names without their leading `volumes/`.
 */
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path/posix';
import { makeAnew, requireEmpty, unusable } from './directories';
import type { Target, TargetStrategy } from './target';

export function wholeDirectory(targets: readonly Target[], archiveId: string): TargetStrategy {
	const directory = dirname(targets[0]?.path ?? '');
	const incoming = `${directory}.incoming-${archiveId}`;
	return {
		onePlace: true,
		check: () => requireEmpty(directory, false),
		async prepare() {
			await this.check();
			await makeAnew(incoming);
		},
		placeOf: () => ({ directory: incoming, stripComponents: 1 }),
		async finish() {
			try {
				await rename(incoming, directory);
			} catch (cause) {
				throw unusable(directory, cause);
			}
		},
		abandon: () => rm(incoming, { recursive: true, force: true }),
	};
}
