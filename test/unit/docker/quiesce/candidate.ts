/** Containers as they are found, made from the few facts that a test is about. */
import type { Candidate } from '../../../../docker/quiesce/candidates';
import type { Need } from '../../../../docker/quiesce/needs';

export interface Facts extends Partial<Omit<Candidate, 'needs'>> {
	readonly name: string;
	/** Services. */
	readonly dependsOn?: readonly string[];
	/** Names or ids. */
	readonly shares?: readonly string[];
}

/** The order of the list is that in which they were made. */
export function candidates(...facts: readonly Facts[]): Candidate[] {
	return facts.map(({ dependsOn = [], shares = [], ...fact }, position) => ({
		id: Buffer.from(fact.name.padEnd(32, '.')).toString('hex'),
		active: true,
		paused: false,
		fleeting: false,
		runner: false,
		stopTimeout: null,
		createdAt: new Date(position * 1000).toISOString(),
		startedAt: '',
		restarting: false,
		labels: {},
		project: null,
		service: null,
		number: null,
		hasHealthCheck: false,
		health: null,
		exitCode: 0,
		mounts: [],
		networks: ['net'],
		hostNames: [],
		...fact,
		needs: [
			...dependsOn.map((service): Need => ({ service })),
			...shares.map((container): Need => ({ container })),
		],
	}));
}

/** Of one Compose project. */
export const service = (name: string, ...dependsOn: readonly string[]): Facts => ({
	name,
	project: 'p',
	service: name,
	dependsOn,
});
