/** Ports of the host that a restored container asks for and others have. Pure but for the listing. */
import { answers, request, type DockerHost } from '../../docker/api';
import type { Fields } from '../../protocol/parse';
import { fieldsIn, listIn, textIn } from './inspected';

export interface PublishedPort {
	readonly container: string;
	readonly address: string;
	readonly port: number;
	readonly protocol: string;
}

/** Of running containers. `except`: id of one that gives way. */
export async function publishedPorts(
	host: DockerHost,
	except: string | null,
	signal: AbortSignal,
): Promise<PublishedPort[]> {
	const containers = await request(host, {
		method: 'GET',
		path: '/containers/json',
		doing: 'list containers',
		signal,
	});
	return answers
		.array({ containers }, 'containers', (value) => answers.fields(value, 'container'))
		.filter((container) => textIn(container, 'Id') !== except)
		.flatMap((container) => {
			const name = answers.strings(container, 'Names')[0]?.replace(/^\//, '') ?? textIn(container, 'Id');
			return listIn(container, 'Ports')
				.filter((port) => typeof port['PublicPort'] === 'number')
				.map((port) => ({
					container: name,
					address: textIn(port, 'IP'),
					port: Number(port['PublicPort']),
					protocol: textIn(port, 'Type'),
				}));
		});
}

const everywhere = ['', '0.0.0.0', '::'];

/** In words, such as `8080/tcp is published by "web"`. `body`: of the create request. */
export function portsTaken(body: Fields, published: readonly PublishedPort[]): string[] {
	const bindings = fieldsIn(fieldsIn(body, 'HostConfig'), 'PortBindings');
	const taken = Object.keys(bindings).flatMap((inside) => {
		const protocol = inside.split('/')[1] ?? 'tcp';
		return listIn(bindings, inside).flatMap((binding) => {
			const wanted = Number(textIn(binding, 'HostPort'));
			const address = textIn(binding, 'HostIp');
			const meets = (other: string) =>
				other === address || everywhere.includes(other) || everywhere.includes(address);
			return published
				.filter((other) => other.port === wanted && other.protocol === protocol && meets(other.address))
				.map((other) => `${wanted}/${protocol} is published by "${other.container}"`);
		});
	});
	return [...new Set(taken)];
}
