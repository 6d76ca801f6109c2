/**
 * Which containers are to rest while sources are read, and which others may change these meanwhile. Pure but for what it
 * throws: `container_not_found` for a name that nobody has.
 */
import { containerNotFound } from '../container-details';
import type { Candidate } from './candidates';

export interface Choice {
	readonly which: 'using' | 'named' | 'labelled';
	/** named: names or ids. */
	readonly containers: readonly string[];
	/** labelled: `key` or `key=value`; all must fit. */
	readonly labels: readonly string[];
	/** Names or ids. */
	readonly except: readonly string[];
}

export interface Used {
	readonly volumes: readonly UsedVolume[];
	/** Absolute paths on the Docker host. */
	readonly directories: readonly string[];
	/** Names or ids of containers that count as users, whatever they mount. */
	readonly containers: readonly string[];
}

export interface UsedVolume {
	readonly name: string;
	/** Where on the host its content is (`placesOf`). */
	readonly places: readonly string[];
}

export interface Chosen {
	/** In whatever state. */
	readonly chosen: readonly Candidate[];
	/** In whatever state: can change the sources, and are not chosen. */
	readonly others: readonly Candidate[];
}

export function chooseContainers(all: readonly Candidate[], used: Used, choice: Choice): Chosen {
	const except = new Set(choice.except.map((which) => named(all, which).id));
	const besides = new Set(used.containers.map((which) => named(all, which).id));
	const names = new Set(
		choice.which === 'named' ? choice.containers.map((which) => named(all, which).id) : [],
	);
	const isWanted = (container: Candidate): boolean => {
		if (except.has(container.id)) return false;
		switch (choice.which) {
			case 'using':
				return besides.has(container.id) || changes(container, used);
			case 'named':
				return names.has(container.id);
			case 'labelled':
				return hasLabels(container, choice.labels);
		}
	};
	return {
		chosen: all.filter(isWanted),
		others: all.filter((container) => !isWanted(container) && changes(container, used)),
	};
}

function named(all: readonly Candidate[], which: string): Candidate {
	const found =
		all.find(({ name }) => name === which) ??
		all.find(({ id }) => /^[0-9a-f]{4,64}$/.test(which) && id.startsWith(which));
	if (found) return found;
	throw containerNotFound(which);
}

const hasLabels = ({ labels }: Candidate, wanted: readonly string[]): boolean =>
	wanted.length > 0 &&
	wanted.every((each) => {
		const [, key = each, value] = /^([^=]*)=(.*)$/s.exec(each) ?? [];
		return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
	});

/** Whoever mounts them read-only may look on: nothing changes by it. */
function changes({ mounts }: Candidate, { volumes, directories }: Used): boolean {
	return mounts.some(({ volume, from, readOnly }) => {
		if (readOnly) return false;
		if (volume !== null && volumes.some(({ name }) => name === volume)) return true;
		if (from === '') return false;
		// What holds all volumes of a host is no user of each of them.
		if (volumes.some(({ places }) => places.some((place) => isBelow(from, place)))) return true;
		return directories.some((path) => isBelow(from, path) || isBelow(path, from));
	});
}

const isBelow = (path: string, above: string): boolean =>
	`${path.replace(/\/+$/, '')}/`.startsWith(`${above.replace(/\/+$/, '')}/`);
