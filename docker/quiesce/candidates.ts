/**
 * The containers of a host, as far as it matters to whoever brings some of them to rest: state, mounts, what they need,
 * and what they are called. Ours are left out. Throws what `api.ts` throws.
 */
import type { Fields } from '../../protocol/parse';
import { answers, request, segment, type DockerHost } from '../api';
import { projectOf, serviceOf } from '../compose';
import { parseContainer, type Container } from '../containers';
import { needsIn, type Need } from './needs';

export interface Candidate extends Container {
	/** ISO 8601, with nanoseconds: the older one is less. */
	readonly createdAt: string;
	/** Changes with every start. */
	readonly startedAt: string;
	readonly restarting: boolean;
	readonly labels: Readonly<Record<string, string>>;
	/** Of Compose; null: it belongs to none. */
	readonly project: string | null;
	readonly service: string | null;
	readonly number: string | null;
	readonly hasHealthCheck: boolean;
	/** `healthy`, `unhealthy`, `starting`; null: there is no check, or it does not run. */
	readonly health: string | null;
	/** Of its last end. */
	readonly exitCode: number;
	readonly mounts: readonly CandidateMount[];
	readonly needs: readonly Need[];
	/** Names of the networks that it is in. */
	readonly networks: readonly string[];
	/** What others in these networks can call it: aliases, host name, addresses. */
	readonly hostNames: readonly string[];
}

export interface CandidateMount {
	/** Null: a directory of the host. */
	readonly volume: string | null;
	/** On the host; '' where there is none. */
	readonly from: string;
	readonly readOnly: boolean;
}

const atOnce = 8;

/** All of them, running or not, the oldest first. */
export async function listCandidates(host: DockerHost, signal?: AbortSignal): Promise<Candidate[]> {
	const ids = await idsOf(host, {}, signal);
	const found: Candidate[] = [];
	for (let start = 0; start < ids.length; start += atOnce) {
		const some = ids.slice(start, start + atOnce);
		const inspected = await Promise.all(some.map((id) => inspectCandidate(host, id, signal)));
		found.push(...inspected.filter((one) => one !== undefined));
	}
	return found
		.filter(({ runner }) => !runner)
		.sort((a, b) =>
			a.createdAt === b.createdAt ? (a.id < b.id ? -1 : 1) : a.createdAt < b.createdAt ? -1 : 1,
		);
}

/** Undefined when there is none of this id or name. */
export async function inspectCandidate(
	host: DockerHost,
	which: string,
	signal?: AbortSignal,
): Promise<Candidate | undefined> {
	const answer = await request(host, {
		method: 'GET',
		path: `/containers/${segment(which)}/json`,
		doing: 'inspect a container',
		signal,
		accept: [404],
	});
	return answer === null ? undefined : parseCandidate(answers.fields(answer));
}

/** What a container is found by, also once it was made anew. */
export type Known = Pick<Candidate, 'id' | 'name' | 'project' | 'service' | 'number'>;

/** By its id, else by its name, else by its place in its Compose project; undefined when it is gone. */
export async function findAgain(
	host: DockerHost,
	{ id, name, project, service, number }: Known,
	signal?: AbortSignal,
): Promise<Candidate | undefined> {
	const found = (await inspectCandidate(host, id, signal)) ?? (await inspectCandidate(host, name, signal));
	if (found || project === null || service === null) return found;
	const wanted = { project, service, ...(number !== null && { 'container-number': number }) };
	const label = Object.entries(wanted).map(([key, value]) => `com.docker.compose.${key}=${value}`);
	const [first] = await idsOf(host, { label }, signal);
	return first === undefined ? undefined : await inspectCandidate(host, first, signal);
}

async function idsOf(host: DockerHost, filters: object, signal?: AbortSignal): Promise<string[]> {
	const containers = await request(host, {
		method: 'GET',
		path: '/containers/json',
		query: { all: true, filters },
		doing: 'list containers',
		signal,
	});
	return answers.array({ containers }, 'containers', (value) =>
		answers.string(answers.fields(value, 'container'), 'Id'),
	);
}

const text = (fields: Fields, name: string): string => {
	const value = fields[name];
	return typeof value === 'string' ? value : '';
};
const part = (fields: Fields, name: string): Fields =>
	answers.nullable(fields, name, (f, key) => answers.fields(f[key], key)) ?? {};
const texts = (fields: Fields, name: string): string[] =>
	answers.nullable(fields, name, (f, key) => answers.strings(f, key)) ?? [];

export function parseCandidate(container: Fields): Candidate {
	const state = part(container, 'State');
	const config = part(container, 'Config');
	const labels = Object.fromEntries(
		Object.entries(part(config, 'Labels')).map(([key, value]) => [key, String(value)]),
	);
	const networks = part(part(container, 'NetworkSettings'), 'Networks');
	const joined = Object.keys(networks).map((name) => part(networks, name));
	const check = texts(part(config, 'Healthcheck'), 'Test');
	const health = text(part(state, 'Health'), 'Status');
	return {
		...parseContainer(container),
		createdAt: text(container, 'Created'),
		startedAt: text(state, 'StartedAt'),
		restarting: state['Restarting'] === true,
		labels,
		project: projectOf(labels),
		service: serviceOf(labels),
		number: labels['com.docker.compose.container-number'] ?? null,
		hasHealthCheck: check.length > 0 && check[0] !== 'NONE',
		health: state['Running'] === true && health !== '' && health !== 'none' ? health : null,
		exitCode: typeof state['ExitCode'] === 'number' ? state['ExitCode'] : 0,
		mounts: (
			answers.nullable(container, 'Mounts', (f, key) => answers.array(f, key, (m) => answers.fields(m))) ?? []
		).map((mount) => ({
			volume: mount['Type'] === 'volume' ? text(mount, 'Name') : null,
			from: text(mount, 'Source'),
			readOnly: mount['RW'] === false,
		})),
		needs: needsIn(labels, part(container, 'HostConfig'), joined),
		networks: Object.keys(networks),
		hostNames: [
			text(config, 'Hostname'),
			...joined.flatMap((network) => [
				...texts(network, 'Aliases'),
				...texts(network, 'DNSNames'),
				text(network, 'IPAddress'),
			]),
		].filter((name) => name !== ''),
	};
}
