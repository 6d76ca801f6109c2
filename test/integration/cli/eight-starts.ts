/**
 * Eight starts of one job at once. The one that runs stands still at its source, as long as it takes for all the
 * others to have looked and ended: what it backs up may be small. Not into S3, where sources are measured first.
 */
import { docker, runnersOf, start, until, type Ended } from './lab';

/** How they ended, in the order of their starts. */
export async function startEight(
	job: string,
	line: readonly string[],
	env: Readonly<Record<string, string>> = {},
): Promise<Ended[]> {
	let over = 0;
	const ended = Array.from({ length: 8 }, async () => {
		try {
			return await start(line, env).ended;
		} finally {
			over += 1;
		}
	});
	const tar = await until('a runner to read its source', async () => {
		if (over === 8) throw new Error('all ended before one was seen at work');
		const [pid] = (await Promise.all((await runnersOf(job, 'running')).map(tarsIn))).flat();
		return pid;
	});
	process.kill(tar, 'SIGSTOP');
	try {
		await until('the others to end', () => over >= 7);
	} finally {
		process.kill(tar, 'SIGCONT');
	}
	return await Promise.all(ended);
}

/** Process ids on this machine. */
async function tarsIn(runner: string): Promise<number[]> {
	// Gone meanwhile: one of those that were refused.
	const processes = await docker('top', runner, '-eo', 'pid,comm').catch(() => '');
	return [...processes.matchAll(/^\s*(\d+)\s+tar$/gm)].map(([, pid]) => Number(pid));
}
