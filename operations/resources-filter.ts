/** Which of a host's resources are meant. Every criterion must hold; none means all. */
import { projectOf } from '../docker/compose';
import type { ListedContainer } from '../docker/running-containers';
import { nameGlob } from './name-glob';

export interface ResourceFilter {
	/** `key` or `key=value` each; all must be there. */
	readonly labels: readonly string[];
	/** With `*` and `?`. */
	readonly name: string | null;
	/** Of Docker Compose. */
	readonly project: string | null;
}

type Labels = Readonly<Record<string, string>>;

export function hasLabels(labels: Labels, wanted: readonly string[]): boolean {
	return wanted.every((text) => {
		const end = text.indexOf('=');
		return end < 0
			? Object.hasOwn(labels, text)
			: Object.hasOwn(labels, text.slice(0, end)) && labels[text.slice(0, end)] === text.slice(end + 1);
	});
}

/** What a filter looks at. */
export interface Filtered {
	readonly names: readonly string[];
	readonly labels: Labels;
	readonly projects: readonly string[];
}

export function matchesFilter({ names, labels, projects }: Filtered, filter: ResourceFilter): boolean {
	const isNamed = filter.name === null ? () => true : nameGlob(filter.name);
	return (
		hasLabels(labels, filter.labels) &&
		(filter.name === null || names.some(isNamed)) &&
		(filter.project === null || projects.includes(filter.project))
	);
}

/** The projects that a resource belongs to: by its own label, and by the containers that use it. */
export function projectsOf(labels: Labels, users: readonly ListedContainer[]): string[] {
	const all = [labels, ...users.map((user) => user.labels)].map(projectOf);
	return [...new Set(all.filter((project) => project !== null))];
}
