/** What the credentials' tests do: really connect, and really write, read and delete a probe. */
import { describeHost } from '../docker/client';
import { locationOf, placeOf, startEngine, withDocker } from './executor';
import { noKeys } from './introduce';
import { unlock } from './keyring';
import { converse } from './session';
import type { HostSettings, OperationContext, RepositorySettings, Where } from './settings';

/** Resolves to how the daemon names itself, e.g. `docker1 (Docker 28.2.2, x86_64)`. */
export async function testDockerHost(host: HostSettings, signal: AbortSignal): Promise<string> {
	const { name, version, architecture } = await withDocker(
		host.endpoint,
		async (docker) => await describeHost(docker, signal),
	);
	return `${name} (Docker ${version}, ${architecture})`;
}

/** Opens the repository, or finds that one may be made there (it is not made); with `write`, writes a probe. */
export async function testRepository(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	write: boolean,
): Promise<void> {
	const runId = context.random.bytes(8).toString('hex');
	const needs = {
		role: 'repository',
		mounts: [],
		repository: repository.location,
		writesRepository: write,
		runId,
		job: null,
	} as const;
	await converse(
		context,
		(signal) => startEngine(where, needs, context, signal),
		async (session) => {
			session.send('job', {
				version: 1,
				verb: 'probe',
				runId,
				location: locationOf(where, repository.location),
				write,
			});
			const { document, empty } = await session.next('repository');
			await unlock(document, empty, repository, placeOf(repository.location), context);
			session.send('keys', { create: null, ...noKeys });
			await session.next('done');
		},
	);
}
