/**
 * Starts a restored container and looks whether it stays: healthy where it has a health check, else up for some seconds,
 * or at its end with success. Throws `container_not_started`.
 */
import { inspectWhole, startCreated } from '../../docker/create-container';
import type { DockerHost } from '../../docker/client';
import { BackupError } from '../../protocol/errors';
import type { Fields } from '../../protocol/parse';
import type { OperationContext } from '../settings';
import { fieldsIn, textIn } from './inspected';

/** What fails at once fails within these. */
const settledMs = 3_000;
const lookEveryMs = 250;

export async function startRestored(
	{ clock, signal }: Pick<OperationContext, 'clock' | 'signal'>,
	host: DockerHost,
	{ id, name, limitMs }: { readonly id: string; readonly name: string; readonly limitMs: number },
): Promise<void> {
	await startCreated(host, id, name);
	const started = clock.monotonic();
	for (;;) {
		const elapsed = clock.monotonic() - started;
		const found = judge(await inspectWhole(host, id, signal), elapsed);
		if (found === 'runs') return;
		if (found !== 'waits') throw notStarted(name, found.why);
		if (elapsed > Math.max(limitMs, settledMs))
			throw notStarted(name, `is not healthy after ${Math.round(elapsed / 1000)} s`);
		await clock.sleep(lookEveryMs, signal);
	}
}

/** `container`: its inspection so long after its start. Pure. */
export function judge(container: Fields, elapsedMs: number): 'runs' | 'waits' | { readonly why: string } {
	const state = fieldsIn(container, 'State');
	const status = textIn(state, 'Status');
	const code = Number(state['ExitCode']);
	if (status === 'restarting' || Number(container['RestartCount'] ?? 0) > 0)
		return { why: `ends with exit code ${code} again and again` };
	if (status === 'exited' || status === 'dead') {
		if (code === 0) return 'runs';
		const said = textIn(state, 'Error');
		return { why: `ended with exit code ${code}${said === '' ? '' : `: ${said}`}` };
	}
	const health = textIn(fieldsIn(state, 'Health'), 'Status');
	if (health === 'unhealthy') return { why: 'is unhealthy' };
	if (health === 'starting') return 'waits';
	if (health === 'healthy') return 'runs';
	return elapsedMs >= settledMs ? 'runs' : 'waits';
}

function notStarted(name: string, why: string): BackupError {
	return new BackupError('container_not_started', `container "${name}" was made and started, and ${why}`, {
		hint: 'All was taken back. Restore it without starting it, start it yourself, and see what docker logs says.',
	});
}
