/**
 * A throwaway server for one drill: a container of its own without network, which nothing else knows, and which is
 * removed with all its data, whatever happens. Throws `image_not_found`, `database_version_mismatch`,
 * `postgres_not_found` (nothing in the image answers as a server), and as `database-container.ts` and `login.ts` say.
 */
import type { DockerHost } from '../../docker/api';
import { startDatabaseContainer, type DatabaseContainer } from '../../docker/database-container';
import { runExec } from '../../docker/exec';
import { runLabels } from '../../docker/labels';
import { BackupError, joinErrors } from '../../protocol/errors';
import type { OperationContext } from '../settings';
import { lastLines } from './failures';
import { requireMajor } from './drill-image';
import { logIn } from './login';
import type { PostgresLogin } from './tools';

export interface DrillServerSpec {
	readonly image: string;
	/** What the dump needs at least. */
	readonly major: number;
	readonly runId: string;
	readonly job: string;
	readonly totalLimitMs: number;
	/** The drill's, which also ends when its time is over. */
	readonly signal: AbortSignal;
}

/** What nobody will miss when the machine fails. */
const unsafeButFast = ['fsync', 'synchronous_commit', 'full_page_writes', 'autovacuum'];
const lookEveryMs = 200;
const lookLimitMs = 30_000;
const tidyingMs = 600_000;

export async function withDrillServer<T>(
	host: DockerHost,
	{ clock }: Pick<OperationContext, 'clock'>,
	spec: DrillServerSpec,
	use: (login: PostgresLogin) => Promise<T>,
): Promise<T> {
	const { image, major, runId, job, totalLimitMs, signal } = spec;
	const created = new Date(clock.now()).toISOString();
	const container = await startDatabaseContainer(
		host,
		{
			image,
			// Nobody but those who may start programs in the container can reach it.
			environment: { POSTGRES_HOST_AUTH_METHOD: 'trust' },
			command: ['postgres', ...unsafeButFast.flatMap((setting) => ['-c', `${setting}=off`])],
			labels: runLabels({ runId, job, created }),
			mostLifeMs: totalLimitMs + tidyingMs,
		},
		signal,
	);
	let failure: unknown;
	try {
		await becomeReady(host, container, spec, clock);
		const server = { container: container.id, user: null, password: null, host: null, port: null };
		const login = await logIn(host, server, signal);
		requireMajor(image, login.serverMajor, major);
		return await use(login);
	} catch (error) {
		failure = error;
		throw error;
	} finally {
		await container.dispose().catch((error: unknown) => {
			throw joinErrors(failure, error);
		});
	}
}

/**
 * The image starts its server twice: first to set it up, when only the socket reaches it, then to stay. So the one
 * that answers on the loopback is the one that stays.
 */
async function becomeReady(
	host: DockerHost,
	{ id: container, lastOutput }: DatabaseContainer,
	{ image, signal }: DrillServerSpec,
	clock: OperationContext['clock'],
): Promise<void> {
	for (;;) {
		try {
			const { exitCode } = await runExec(
				host,
				{ container, command: ['pg_isready', '-q', '-h', '127.0.0.1', '-t', '5'], limitMs: lookLimitMs },
				signal,
			);
			if (exitCode === 0) return;
		} catch (error) {
			signal.throwIfAborted();
			const said = lastLines(lastOutput(), 3);
			throw new BackupError('postgres_not_found', `image ${image} starts no postgres server: ${said}`, {
				hint: 'Use an image of the family of postgres:17, and one that has what the dump needs.',
				cause: error,
			});
		}
		await clock.sleep(lookEveryMs, signal);
	}
}
