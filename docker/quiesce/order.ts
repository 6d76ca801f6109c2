/**
 * In which order containers are started, and, the other way round, stopped: whoever is needed first, also where the way
 * from one to the other leads over containers that go on. Those of no Compose project tell little of what they need:
 * among them the older one comes first. What needs itself in a circle is cut where the circle closes. Pure.
 */
import { neededBy, type Needed } from './needs';

export interface Ordered extends Needed {
	readonly createdAt: string;
}

export interface Step<C extends Ordered> {
	readonly container: C;
	/** Ids of those of the chosen that must run before. */
	readonly after: readonly string[];
}

/** In the order of starting; `all` holds the chosen too. */
export function startOrder<C extends Ordered>(chosen: readonly C[], all: readonly Ordered[]): Step<C>[] {
	const oldestFirst = chosen.toSorted((a, b) =>
		a.createdAt === b.createdAt ? compare(a.id, b.id) : compare(a.createdAt, b.createdAt),
	);
	const after = new Map(oldestFirst.map(({ id }) => [id, new Set<string>()]));
	const leadsTo = (from: string, to: string): boolean =>
		from === to || [...(after.get(from) ?? [])].some((next) => leadsTo(next, to));
	const add = (later: string, earlier: string) => {
		if (!leadsTo(earlier, later)) after.get(later)?.add(earlier);
	};
	for (const container of oldestFirst) {
		for (const needed of chosenNeeds(container, after, all)) add(container.id, needed);
	}
	let previous: C | undefined;
	for (const container of oldestFirst.filter(({ project }) => project === null)) {
		if (previous) add(container.id, previous.id);
		previous = container;
	}
	const steps: Step<C>[] = [];
	const placed = new Set<string>();
	while (steps.length < oldestFirst.length) {
		for (const container of oldestFirst) {
			const before = [...(after.get(container.id) ?? [])];
			if (placed.has(container.id) || !before.every((id) => placed.has(id))) continue;
			placed.add(container.id);
			steps.push({ container, after: before });
		}
	}
	return steps;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Those of the chosen that it needs, directly or by way of others. */
function chosenNeeds(
	container: Ordered,
	chosen: ReadonlyMap<string, unknown>,
	all: readonly Ordered[],
): string[] {
	const found: string[] = [];
	const seen = new Set([container.id]);
	const look = (from: Ordered) => {
		for (const next of neededBy(from, all)) {
			if (seen.has(next.id)) continue;
			seen.add(next.id);
			if (chosen.has(next.id)) found.push(next.id);
			else look(next);
		}
	};
	look(container);
	return found;
}

/** The order of stopping: the same steps, each after those that need it. */
export function stopOrder<C extends Ordered>(steps: readonly Step<C>[]): Step<C>[] {
	return steps.toReversed().map(({ container }) => ({
		container,
		after: steps.filter(({ after }) => after.includes(container.id)).map(({ container: { id } }) => id),
	}));
}

/**
 * Calls `act` for each as soon as it is through for those before it, for several at once. After a failure it is called
 * for nobody who comes later. Resolves, or throws the first failure, once no call is under way.
 */
export async function inTurn<C extends Ordered>(
	steps: readonly Step<C>[],
	act: (container: C) => Promise<void>,
): Promise<void> {
	const through = new Map<string, Promise<void>>();
	for (const { container, after } of steps) {
		const before = Promise.all(after.flatMap((id) => through.get(id) ?? []));
		through.set(
			container.id,
			before.then(() => act(container)),
		);
	}
	const ends = await Promise.allSettled(through.values());
	const failed = ends.find((end) => end.status === 'rejected');
	if (failed) throw failed.reason;
}
