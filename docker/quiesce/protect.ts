/**
 * Which containers are never brought to rest: the one that this process runs in, those that it lives on (its database,
 * its queue, the way to Docker), and whatever these need. Pure.
 */
import { isContainer } from '../own-container';
import type { Candidate } from './candidates';
import { isIdOf, neededBy } from './needs';

export interface Living {
	/** Id, or its beginning, of the container that this process runs in; null: in none. */
	readonly own: string | null;
	/** Host names, container names or ids. */
	readonly on: readonly string[];
}

/** Why each of them is protected, by id; completes "because …". */
export function protectedContainers(all: readonly Candidate[], { own, on }: Living): Map<string, string> {
	const reasons = new Map<string, string>();
	const waiting: Candidate[] = [];
	const protect = (container: Candidate, why: string) => {
		if (reasons.has(container.id)) return;
		reasons.set(container.id, why);
		waiting.push(container);
	};
	const self = all.find(({ id }) => isContainer(id, own));
	if (self) protect(self, 'this backup runs in it');
	for (const container of all) {
		const name = on.find((each) => isCalled(container, each, own === null ? null : (self ?? undefined)));
		if (name !== undefined) protect(container, `what runs this backup needs it ("${name}")`);
	}
	for (let next = waiting.shift(); next; next = waiting.shift()) {
		for (const needed of neededBy(next, all))
			protect(needed, `"${next.name}" needs it, and this backup that`);
	}
	return reasons;
}

/**
 * Names hold within networks: with `self`, whoever shares none with it is another one of that name. Null: nobody knows
 * where we look from. Undefined: we run in a container of another host, where these names mean others.
 */
function isCalled(container: Candidate, name: string, self: Candidate | null | undefined): boolean {
	if (name === '' || isLoopback(name) || self === undefined) return false;
	if (container.name === name || isIdOf(name, container)) return true;
	if (self && !container.networks.some((network) => self.networks.includes(network))) return false;
	return container.service === name || container.hostNames.includes(name);
}

const isLoopback = (name: string): boolean => /^(localhost|127\.|::1$|\[::1\]$)/.test(name);
