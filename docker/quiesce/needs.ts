/**
 * What a container needs to run: services of its Compose project (`depends_on`), and containers whose network, name
 * spaces or volumes it shares or which it is linked to.
 */
import type { Fields } from '../../protocol/parse';

export type Need =
	| { readonly service: string }
	/** Name or id. */
	| { readonly container: string };

/** Of a container that may be needed, as far as that is told by it. */
export interface Needed {
	readonly id: string;
	readonly name: string;
	readonly project: string | null;
	readonly service: string | null;
	readonly needs: readonly Need[];
}

type Labels = Readonly<Record<string, string>>;

/** `networks`: the container's settings in each. */
export function needsIn(labels: Labels, hostConfig: Fields, networks: readonly Fields[]): Need[] {
	const shared = ['NetworkMode', 'PidMode', 'IpcMode'].flatMap((mode) => {
		const which = /^container:(.+)$/.exec(String(hostConfig[mode]))?.[1];
		return which === undefined ? [] : [which];
	});
	// `/db:/app/alias` of the old links, `db:alias` of those within a network.
	const linked = [hostConfig, ...networks].flatMap((fields) => lines(fields['Links']).map(beforeColon));
	const volumesOf = lines(hostConfig['VolumesFrom']).map(beforeColon);
	return [
		...dependsOn(labels['com.docker.compose.depends_on'] ?? ''),
		...[...shared, ...linked, ...volumesOf].map((container) => ({ container })),
	];
}

/** Compose writes `db:service_healthy:false,cache:service_started:true`. */
function dependsOn(written: string): Need[] {
	return written
		.split(',')
		.map((each) => beforeColon(each.trim()))
		.filter((service) => service !== '')
		.map((service) => ({ service }));
}

const beforeColon = (text: string): string => text.split(':')[0]?.replace(/^\//, '') ?? '';

const lines = (value: unknown): string[] =>
	Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];

/** Those of `all` that a container needs itself. */
export function neededBy<C extends Needed>(container: Needed, all: readonly C[]): C[] {
	const fits = (need: Need, other: C) =>
		'service' in need
			? container.project !== null && other.project === container.project && other.service === need.service
			: other.name === need.container || isIdOf(need.container, other);
	return all.filter(
		(other) => other.id !== container.id && container.needs.some((need) => fits(need, other)),
	);
}

/** Whether `text` is the beginning of the container's id, long enough to be meant as one. */
export const isIdOf = (text: string, { id }: { readonly id: string }): boolean =>
	/^[0-9a-f]{12,64}$/.test(text) && id.startsWith(text);
