/**
 * Containers that use a volume or a path of the host, out of the way while its content is replaced. What was stopped runs again afterwards,
 * whatever happened. Throws `target_in_use`, and `docker_failed` naming a container that would not start again.
 */
import type { DockerHost } from '../docker/api';
import { isContainer, ownContainer } from '../docker/own-container';
import { inspectCandidate, listCandidates, type Candidate } from '../docker/quiesce/candidates';
import { containersUsingPath, containersUsingVolume } from '../docker/volumes';
import { BackupError, joinErrors } from '../protocol/errors';
import { guardSocketOf, Rest } from './quiesce/rest';
import type { HostSettings, OperationContext } from './settings';

/**
 * Those that are to be stopped, in the order to stop them in: the newest first, which may need the older ones.
 * `where`: a volume's name, or a path of the host. `runners`: how many of our own may be at work there.
 */
export async function activeUsers(
	host: DockerHost,
	where: string | { readonly path: string },
	{ mayStop, runners }: { readonly mayStop: boolean; readonly runners: number },
	signal: AbortSignal,
): Promise<Candidate[]> {
	const users: Candidate[] = [];
	const what = typeof where === 'string' ? `volume "${where}"` : where.path;
	const found =
		typeof where === 'string'
			? await containersUsingVolume(host, where, signal)
			: await containersUsingPath(host, where.path, signal);
	for (const { id } of found) {
		const container = await inspectCandidate(host, id, signal);
		if (container?.active && !users.some((user) => user.id === container.id)) users.push(container);
	}
	const foreign = users.filter((user) => !user.runner);
	if (users.length - foreign.length > runners) {
		throw inUse(what, 'by a backup or restore that is under way', 'Wait until it has ended.');
	}
	const names = foreign.map(({ name }) => `"${name}"`).join(', ');
	if (foreign.length > 0 && !mayStop) {
		throw inUse(what, `by ${names}`, 'Allow its containers to be stopped, or stop them yourself before.');
	}
	const own = await ownContainer();
	const self = foreign.find(({ id }) => isContainer(id, own));
	if (self) {
		throw inUse(
			what,
			`by "${self.name}", which runs this restore`,
			'Stop that container and restore with the command line tool, or restore into a new volume.',
		);
	}
	const fleeting = foreign.find((user) => user.fleeting);
	if (fleeting) {
		throw inUse(
			what,
			`by "${fleeting.name}", which would not come back once it is stopped`,
			'It was started with --rm or belongs to a Swarm service: end it or scale the service to 0 before.',
		);
	}
	return foreign;
}

/** Those that were stopped, and those of them that run again, by name. */
export interface Interruption {
	readonly stopped: readonly string[];
	readonly started: readonly string[];
}

export interface Interrupting extends Interruption {
	/** Stops those that `find` finds, once no other run holds one of them. Once. */
	stop(find: () => Promise<readonly Candidate[]>): Promise<void>;
}

/** The run that they rest for, as its runner's labels have it. */
export interface RestingFor {
	readonly context: OperationContext;
	readonly hostSettings: HostSettings;
	readonly runId: string;
	readonly job: string | null;
	/** Whether what they use can be half replaced, should this process die: nobody starts them then. */
	readonly replaced: boolean;
}

/**
 * Runs `work`, and starts again afterwards what it stopped, last stopped first. Should this process die, their guard
 * does, or the next operation on this host, unless what they use may be half replaced.
 */
export async function interrupting<T>(
	host: DockerHost,
	{ context, hostSettings, runId, job, replaced }: RestingFor,
	work: (interruption: Interrupting) => Promise<T>,
): Promise<T> {
	const { clock, signal } = context;
	const rest = new Rest(host, {
		runId,
		job,
		image: hostSettings.runner.image,
		mode: 'stop',
		guard: replaced ? null : { socketPath: guardSocketOf(hostSettings), required: false },
		replaced,
		downtimeLimitMs: longestMs,
		waitMs: patienceMs,
		healthLimitMs: 0,
		clock,
	});
	const stopped: string[] = [];
	const started: string[] = [];
	const interruption: Interrupting = {
		stopped,
		started,
		async stop(find) {
			const look = async () => ({ all: await listCandidates(host, signal), chosen: await find() });
			const users = await rest.hold(look, signal);
			await rest.prepare(users, await listCandidates(host, signal), signal);
			await rest.begin(signal);
		},
	};
	const [made] = await Promise.allSettled([work(interruption)]);
	const { rested, running, problems } = await rest.end();
	stopped.push(...rested);
	started.push(...running);
	const down = rested.filter((name) => !running.includes(name));
	const failure = problems
		.map((problem) => notStarted(problem, down))
		.reduce(joinErrors, made.status === 'rejected' ? made.reason : undefined);
	if (made.status === 'fulfilled' && failure === undefined) return made.value;
	throw failure;
}

/** A restore takes what it takes: its containers are not let go on in the middle of it. */
const longestMs = 7 * 86_400_000;

/** For a backup that keeps one of them at rest. */
const patienceMs = 60_000;

function notStarted(problem: BackupError, down: readonly string[]): BackupError {
	return new BackupError('docker_failed', problem.message, {
		hint: `Start it yourself (docker start ${down.join(' ')}).`,
		cause: problem,
	});
}

function inUse(what: string, by: string, hint: string): BackupError {
	return new BackupError('target_in_use', `${what} is in use ${by}`, { hint });
}
