/** Whether what a restore writes will fit: looked at before anything is written. Throws `target_full`. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BackupError } from '../../protocol/errors';
import type { PlannedTarget } from '../../protocol/events';
import { entriesNow, fileSystemOf, unusable } from './directories';
import type { Target } from './target';

export interface MeasuredTarget extends PlannedTarget {
	readonly path: string;
	/** Which file system it is on. */
	readonly device: number;
}

/** What is to be written; `bytesOf` is undefined where only the sum is known. */
export interface Needs {
	readonly entries: number;
	readonly bytes: number;
	readonly bytesOf?: ReadonlyMap<string, number>;
}

/** `replaced`: whether what they hold will go, so that its size is worth to be known. */
export async function measureTargets(
	targets: readonly Target[],
	replaced: boolean,
): Promise<MeasuredTarget[]> {
	return await Promise.all(
		targets.map(async ({ source, path }) => {
			const { device, freeBytes } = await fileSystemOf(path);
			const usedBytes = replaced ? await usedBytesOf(path) : null;
			return { source, path, device, freeBytes, usedBytes, entriesNow: await entriesNow(path) };
		}),
	);
}

/** On its own file system, blocks counted once. */
async function usedBytesOf(path: string): Promise<number> {
	try {
		const { stdout } = await promisify(execFile)('du', ['-s', '-x', '-k', '--', path]);
		return Number.parseInt(stdout, 10) * 1024;
	} catch (cause) {
		throw unusable(path, cause);
	}
}

/** As they are once they were wiped. */
export const wiped = (targets: readonly MeasuredTarget[]): MeasuredTarget[] =>
	targets.map((target) => ({ ...target, freeBytes: target.freeBytes + (target.usedBytes ?? 0) }));

/** What blocks and inodes take beyond the content, roughly. */
const perEntry = 1024;
const atLeast = 1 << 20;

/** The first target whose file system is too small; undefined when all will fit, by what can be known. */
export function tooSmall(targets: readonly MeasuredTarget[], needs: Needs): MeasuredTarget | undefined {
	const margin = needs.entries * perEntry + atLeast;
	const { bytesOf } = needs;
	const free = new Map(targets.map(({ device, freeBytes }) => [device, freeBytes]));
	if (bytesOf === undefined || free.size <= 1) {
		// Which volume takes how much is unknown: together they must have the room.
		const together = [...free.values()].reduce((sum, bytes) => sum + bytes, 0);
		return together < needs.bytes + margin ? targets[0] : undefined;
	}
	const needed = new Map<number, number>();
	for (const { source, device } of targets)
		needed.set(device, (needed.get(device) ?? 0) + (bytesOf.get(source) ?? 0));
	return targets.find(({ device, freeBytes }) => (needed.get(device) ?? 0) + margin > freeBytes);
}

export function targetFull(
	{ path, freeBytes }: MeasuredTarget,
	{ bytes }: Needs,
	hint = 'Free space there, or choose another target; nothing was written.',
): BackupError {
	return new BackupError(
		'target_full',
		`the target ${path} has ${freeBytes} bytes free, but ${bytes} and some room are needed`,
		{ hint },
	);
}
