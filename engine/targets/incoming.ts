/**
 * Into `<target>/<into>`, absent or empty, of targets that may hold anything else: everything goes into
 * `<target>/.incoming-<archive>/<source>`, on the same file system, and is renamed when all of it is there.
 */
import { rename, rm, rmdir } from 'node:fs/promises';
import { BackupError } from '../../protocol/errors';
import { isFolder, makeAnew, makeBelow, requireEmpty, unusable } from './directories';
import type { Target, TargetStrategy } from './target';

export function incomingTargets(targets: readonly Target[], into: string, archiveId: string): TargetStrategy {
	const names = namesOf(into);
	const folders = names.slice(0, -1);
	const incomingOf = (path: string) => `${path}/.incoming-${archiveId}`;
	const destinationOf = (path: string) => `${path}/${names.join('/')}`;
	const made: string[] = [];
	const renamed: { readonly from: string; readonly to: string }[] = [];
	const pathOf = (source: string) => targets.find((target) => target.source === source)?.path ?? '';
	return {
		onePlace: targets.length === 1,
		async check() {
			for (const { path } of targets) {
				let folder = path;
				for (const name of names) {
					if (!(await isFolder(folder))) break;
					folder = `${folder}/${name}`;
				}
				if (folder === destinationOf(path) && (await isFolder(folder))) await requireEmpty(folder, false);
			}
		},
		async prepare() {
			await this.check();
			for (const { path } of targets) {
				if (!(await isFolder(path))) made.push(path);
				await makeAnew(incomingOf(path));
			}
		},
		placeOf: (source) => ({ directory: incomingOf(pathOf(source)), stripComponents: 1 }),
		async finish() {
			for (const { source, path } of targets) {
				const [from, to] = [`${incomingOf(path)}/${source}`, destinationOf(path)];
				try {
					made.push(...(await makeBelow(path, folders)));
					await rename(from, to);
				} catch (cause) {
					throw cause instanceof BackupError ? cause : unusable(to, cause);
				}
				renamed.push({ from, to });
			}
			for (const { path } of targets) await rm(incomingOf(path), { recursive: true, force: true });
		},
		async abandon() {
			for (const { from, to } of renamed.reverse()) await rename(to, from);
			for (const { path } of targets) await rm(incomingOf(path), { recursive: true, force: true });
			for (const path of made.reverse()) await rmdir(path);
		},
	};
}

function namesOf(into: string): string[] {
	const names = into.split('/').filter((name) => name !== '');
	const odd = names.find((name) => name === '.' || name === '..' || name.includes('\0'));
	if (names.length > 0 && odd === undefined) return names;
	throw new BackupError('invalid_parameter', `${JSON.stringify(into)} is no directory below a target`, {
		hint: 'Name one like "restored" or "restored/2026", without "..".',
	});
}
