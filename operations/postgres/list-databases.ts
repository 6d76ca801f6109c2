/** The containers of a Docker host, for pickers that want one with Postgres in it. */
import type { DockerHost } from '../../docker/client';
import { containerDetails } from '../../docker/container-details';
import { listAllContainers, type ListedContainer } from '../../docker/running-containers';
import { BackupError } from '../../protocol/errors';
import { withDocker } from '../executor';
import type { HostSettings, OperationContext } from '../settings';

/** A container, for pickers. */
export interface ContainerListing {
	readonly name: string;
	readonly image: string;
	readonly running: boolean;
	/** Whether it looks like a Postgres server: by its image's name, `PG_VERSION`, `PGDATA` or `POSTGRES_*` variables, or port 5432. */
	readonly postgres: boolean;
}

/** Those that run Postgres first: running before stopped ones, then by name. */
export async function listContainers(
	context: OperationContext,
	host: HostSettings,
): Promise<ContainerListing[]> {
	const { signal } = context;
	const listed = await withDocker(host.endpoint, async (docker) => {
		const containers = await listAllContainers(docker, signal);
		return inTurns(containers, async (container) => ({
			name: container.name,
			image: container.image,
			running: container.state === 'running',
			postgres: await looksLikePostgres(docker, container, signal),
		}));
	});
	const rank = ({ postgres, running }: ContainerListing) => (postgres ? 0 : 2) + (running ? 0 : 1);
	return listed.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

const atOnce = 8;

async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
	const done: R[] = [];
	for (let next = 0; next < items.length; next += atOnce) {
		done.push(...(await Promise.all(items.slice(next, next + atOnce).map(work))));
	}
	return done;
}

async function looksLikePostgres(
	docker: DockerHost,
	{ id, image, ports }: ListedContainer,
	signal: AbortSignal,
): Promise<boolean> {
	const named = isPostgresImage(image);
	if (named !== undefined) return named;
	if (ports.includes(5432)) return true;
	try {
		const { environment, exposedPorts } = await containerDetails(docker, id, signal);
		return (
			exposedPorts.includes('5432/tcp') ||
			Object.keys(environment).some((name) => /^(PG_VERSION|PGDATA|POSTGRES_.+)$/.test(name))
		);
	} catch (error) {
		// Gone since it was listed.
		if (error instanceof BackupError && error.code === 'container_not_found') return false;
		throw error;
	}
}

/** Undefined: the name does not tell. What only talks to a server is none. */
export function isPostgresImage(image: string): boolean | undefined {
	const name = image
		.replace(/@.*/, '')
		.replace(/:[^/]*$/, '')
		.replace(/.*\//, '');
	if (/exporter|postgrest$|pgadmin|pgbouncer|pgpool|backup/.test(name)) return false;
	return /postgres|postgis|timescaledb|pgvector|spilo/.test(name) ? true : undefined;
}
