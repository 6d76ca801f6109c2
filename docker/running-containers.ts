/**
 * The containers of a Docker host, running or not, by name; runners of ours are left out. One request for all of them:
 * what only an inspection tells (the environment) is asked where it is needed. Throws what `api.ts` throws.
 */
import { answers, request, type DockerHost } from './api';
import { labels } from './labels';

export interface ListedContainer {
	readonly id: string;
	readonly name: string;
	/** As it was named when the container was made; the image's id where that name has gone to another one. */
	readonly image: string;
	/** `running`, `exited`, `created`, `paused`, `restarting`, … */
	readonly state: string;
	/** Ports inside the container that are exposed or published, of running ones only. */
	readonly ports: readonly number[];
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
		.array({ containers }, 'containers', (value) => answers.fields(value, 'container'))
		.filter((container) => {
			const written = answers.nullable(container, 'Labels', (f, name) => answers.fields(f[name], name)) ?? {};
			return !Object.hasOwn(written, labels.role);
		})
		.map((container) => {
			const id = answers.string(container, 'Id');
			const ports =
				answers.nullable(container, 'Ports', (f, name) => answers.array(f, name, (p) => answers.fields(p))) ??
				[];
			return {
				id,
				// Names of links to it have a second slash.
				name:
					answers
						.strings(container, 'Names')
						.find((name) => name.lastIndexOf('/') === 0)
						?.slice(1) ?? id.slice(0, 12),
				image: answers.string(container, 'Image'),
				state: answers.string(container, 'State'),
				ports: [...new Set(ports.map((port) => answers.integer(port, 'PrivatePort')))],
			};
		})
		.sort((a, b) => (a.name < b.name ? -1 : 1));
}
