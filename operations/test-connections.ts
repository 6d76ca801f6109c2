/** What the credentials' tests do: really connect, and really write, read and delete a probe. */
import { describeHost } from '../docker/client';
import { placeOf, withDocker } from './executor';
import { noKeys } from './introduce';
import { unlock } from './keyring';
import { startJob } from './run-job';
import type { HostSettings, OperationContext, RepositorySettings, Where } from './settings';

/** Resolves to how the daemon names itself, e.g. `docker1 (Docker 28.2.2, x86_64)`. */
export async function testDockerHost(host: HostSettings, signal: AbortSignal): Promise<string> {
	const { name, version, architecture } = await withDocker(
		host.endpoint,
		async (docker) => await describeHost(docker, signal),
	);
	return `${name} (Docker ${version}, ${architecture})`;
}

export interface RepositoryVerdict {
	/** False: an append-only use, which is enough for backups. With `write` only; else true. */
	readonly canDelete: boolean;
}

/** Opens the repository, or finds that one may be made there (it is not made); with `write`, writes a probe. */
export async function testRepository(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	write: boolean,
): Promise<RepositoryVerdict> {
	let canDelete = true;
	const listening: OperationContext = {
		...context,
		onEvent(event) {
			if (event.event === 'warning' && event.code === 'probe_kept') canDelete = false;
			context.onEvent(event);
		},
	};
	const job = { verb: 'probe', write } as const;
	const work = { job, role: 'repository', writesRepository: write, labelledJob: null } as const;
	await startJob(listening, where, repository, work, async (session) => {
		const { document, empty } = await session.next('repository');
		await unlock(document, empty, repository, placeOf(repository.location), context);
		session.send('keys', { create: null, ...noKeys });
		await session.next('done');
	});
	return { canDelete };
}
