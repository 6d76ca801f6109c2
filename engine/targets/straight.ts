/**
 * Into new volumes, straight: each is mounted at `<directory>/volumes/<source>`, where the archive's own names lead.
 * They must be empty, and are emptied again when the restore fails; who made them removes them.
 */
import { dirname } from 'node:path/posix';
import { clear, requireEmpty } from './directories';
import type { Target, TargetStrategy } from './target';

export function straightTargets(targets: readonly Target[]): TargetStrategy {
	const directory = dirname(dirname(targets[0]?.path ?? ''));
	let begun = false;
	return {
		onePlace: true,
		async check() {
			for (const { path } of targets) await requireEmpty(path, true);
		},
		async prepare() {
			await this.check();
			begun = true;
		},
		placeOf: () => ({ directory, stripComponents: 0 }),
		finish: async () => undefined,
		async abandon() {
			if (begun) for (const { path } of targets) await clear(path);
		},
	};
}
