/**
 * Whoever ends a program in a container should we not be there to do it: an exec of its own beside it, which acts when
 * its input ends (`exec-script.ts`). Throws as `exec-session.ts` does.
 */
import { BackupError } from '../protocol/errors';
import type { DockerHost } from './api';
import { takeLine } from './exec-lines';
import { guardScript } from './exec-script';
import { openExec, startLimitMs } from './exec-session';

export interface Guard {
	/** From when this resolves, the program with this process id is guarded. Once. */
	watch(id: string, signal?: AbortSignal): Promise<void>;
	/** The program has ended by itself. */
	dismiss(): void;
	/** Ends the program that it watches, as our death would. */
	close(): void;
}

/** Proxies on the way forget connections that are silent for minutes, which would end the program. */
const heartbeatMs = 20_000;

/** As the same user as the program: else it might not be allowed to end it. */
export async function startGuard(
	host: DockerHost,
	{ container, user }: { readonly container: string; readonly user?: string },
	signal?: AbortSignal,
): Promise<Guard> {
	const command = ['sh', '-c', guardScript, 'sh'];
	const settings = { container, command, ...(user !== undefined && { user }) };
	const { stdin, stdout, stderr, ended, close } = await openExec(host, settings, signal);
	stderr.resume();
	const heartbeat = setInterval(() => stdin.writable && stdin.write('\n'), heartbeatMs);
	heartbeat.unref();
	void ended.then(() => clearInterval(heartbeat));
	const watch = async (id: string, aborting?: AbortSignal) => {
		stdin.write(`${id}\n`);
		const watching = (line: string) => (line === 'watching' ? true : undefined);
		if (await takeLine(stdout, watching, startLimitMs, aborting)) {
			stdout.resume();
			return;
		}
		throw new BackupError('docker_failed', `no program could be guarded in container "${container}"`);
	};
	const dismiss = () => {
		if (stdin.writable) stdin.end('done\n', close);
	};
	return { watch, dismiss, close };
}
