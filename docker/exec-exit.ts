/** How a program in a container of others ended. Never rejects: −1 is what could not be learnt. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DockerHost } from './api';
import { execExit, type ExecSession } from './exec-session';

const mostFailures = 5;
const askLimitMs = 5_000;
/** How long a program that is being ended is asked for. */
const patienceMs = 30_000;

/**
 * Once its output has ended, or `ending` aborts. A program may close its outputs and go on: it is waited for, unless it
 * is to end, or its connection is lost, which its guard ends it for.
 */
export async function learnExecExit(
	host: DockerHost,
	{ id, ended }: Pick<ExecSession, 'id' | 'ended'>,
	ending: AbortSignal,
): Promise<number> {
	const told = new Promise<'lost'>((resolve) => {
		ending.addEventListener('abort', () => resolve('lost'), { once: true });
	});
	const lost = (await Promise.race([ended, told])) === 'lost';
	let failures = 0;
	let left = patienceMs;
	for (let pause = 10; left > 0 && failures < mostFailures; pause = Math.min(2 * pause, 1_000)) {
		try {
			const code = await execExit(host, id, { limitMs: askLimitMs });
			if (code !== undefined) return code ?? -1;
			failures = 0;
		} catch {
			// The daemon may be back soon.
			failures += 1;
		}
		await sleep(pause);
		if (lost || ending.aborted) left -= pause;
	}
	return -1;
}
