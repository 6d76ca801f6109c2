/**
 * The containers of a Docker host, running or not, by name; runners of ours are left out. One request for all of them:
 * what only an inspection tells (the environment) is asked where it is needed. Throws what `api.ts` throws.
 */
import type { Fields } from '../protocol/parse';
import { answers, request, type DockerHost } from './api';
import { labels } from './labels';

export interface ListedContainer {
	readonly id: string;
	readonly name: string;
	/** As it was named when the container was made; the image's id where that name has gone to another one. */
	readonly image: string;
	/** `sha256:…` */
	readonly imageId: string;
	/** `running`, `exited`, `created`, `paused`, `restarting`, … */
	readonly state: string;
	/** `healthy`, `unhealthy`, `starting`; null: it is not looked at, or does not run. */
	readonly health: string | null;
	/** ISO 8601. */
	readonly createdAt: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly networks: readonly string[];
	/** Ports inside the container that are exposed or published, of running ones only. */
	readonly ports: readonly number[];
	readonly mounts: readonly ContainerMount[];
}

export interface ContainerMount {
	/** `volume`, `bind`, `tmpfs`, … */
	readonly type: string;
	/** Name of a volume, path of the host; '' where there is none. */
	readonly source: string;
	/** Path inside the container. */
	readonly destination: string;
	readonly readOnly: boolean;
}

export async function listAllContainers(host: DockerHost, signal?: AbortSignal): Promise<ListedContainer[]> {
	const containers = await request(host, {
		method: 'GET',
		path: '/containers/json',
		query: { all: true },
		doing: 'list containers',
		signal,
	});
	return answers
		.array({ containers }, 'containers', parseContainer)
		.filter((container) => !Object.hasOwn(container.labels, labels.role))
		.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function parseContainer(value: unknown): ListedContainer {
	const container = answers.fields(value, 'container');
	const id = answers.string(container, 'Id');
	const list = (name: string) =>
		answers.nullable(container, name, (f, key) => answers.array(f, key, (item) => answers.fields(item))) ??
		[];
	const table = (fields: Fields, name: string) =>
		answers.nullable(fields, name, (f, key) => answers.fields(f[key], key)) ?? {};
	return {
		id,
		// Names of links to it have a second slash.
		name:
			answers
				.strings(container, 'Names')
				.find((name) => name.lastIndexOf('/') === 0)
				?.slice(1) ?? id.slice(0, 12),
		image: answers.string(container, 'Image'),
		imageId: answers.string(container, 'ImageID'),
		state: answers.string(container, 'State'),
		health: healthIn(String(container['Status'])),
		createdAt: new Date(answers.integer(container, 'Created') * 1000).toISOString(),
		labels: Object.fromEntries(
			Object.entries(table(container, 'Labels')).map(([name, text]) => [name, String(text)]),
		),
		networks: Object.keys(table(table(container, 'NetworkSettings'), 'Networks')).toSorted(),
		ports: [...new Set(list('Ports').map((port) => answers.integer(port, 'PrivatePort')))],
		mounts: list('Mounts').map(parseMount),
	};
}

function parseMount(mount: Fields): ContainerMount {
	const text = (name: string) => (typeof mount[name] === 'string' ? mount[name] : '');
	const type = text('Type');
	return {
		type,
		source: type === 'volume' ? text('Name') : text('Source'),
		destination: text('Destination'),
		readOnly: mount['RW'] === false,
	};
}

/** `status`: for people, such as `Up 5 minutes (healthy)` or `Up 2 seconds (health: starting)`. */
export function healthIn(status: string): string | null {
	return /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(status)?.[1] ?? null;
}
