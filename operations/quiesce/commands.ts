/**
 * Programs that are run in containers before these are brought to rest, and after they run again. A failure names
 * program and container and ends with what was said last; never arguments or the environment, which may hold secrets.
 */
import type { DockerHost } from '../../docker/api';
import { runExec } from '../../docker/exec';
import { BackupError, toBackupError } from '../../protocol/errors';
import type { RecordWarning } from '../../protocol/record';
import type { ContainerCommand } from './requests';

export type When = 'before' | 'after';

/** Undefined when it ended well. Throws the signal's reason. */
export async function runCommand(
	host: DockerHost,
	{ container, command, user, limitMs }: ContainerCommand,
	when: When,
	signal?: AbortSignal,
): Promise<BackupError | undefined> {
	const what = `${command[0]}, to be run in container "${container}" ${when} the backup,`;
	try {
		const spec = { container, command, limitMs, ...(user !== undefined && { user }) };
		const { exitCode, stdout, stderr } = await runExec(host, spec, signal);
		if (exitCode === 0) return undefined;
		const said = tailOf(stderr) || tailOf(stdout);
		return new BackupError(
			'container_command_failed',
			`${what} ended with exit code ${exitCode}${said && `: ${said}`}`,
			{ hint: 'Try the command by hand (docker exec), or let the backup continue when it fails.' },
		);
	} catch (error) {
		signal?.throwIfAborted();
		const { message, hint } = toBackupError(error);
		return new BackupError('container_command_failed', `${what} failed: ${message}`, { hint, cause: error });
	}
}

const mostSaid = 500;

const tailOf = (output: string): string => output.trim().slice(-mostSaid).trim();

export const warningOf = ({ code, message }: BackupError): RecordWarning => ({ code, message, path: null });
