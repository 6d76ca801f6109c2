/**
 * Containers of ours as Docker lists them. `readOurs` runs in the guard too, as text: it uses nothing but its arguments
 * and what JavaScript has by itself, and takes a list that is none for an empty one.
 */
import { request, type DockerHost } from '../api';
import { labels } from '../labels';
import type { Held } from './holds';

/** A hold's name: this, and the first 12 characters of the id of what it holds. */
export const holdPrefix = 'docker-backup-hold-';

export interface Ours {
	readonly id: string;
	readonly name: string;
	readonly role: string;
	/** Null where its labels do not say. */
	readonly run: string | null;
	readonly job: string | null;
	/** In Docker's words. */
	readonly state: string;
	/** By the daemon's clock, whole seconds in milliseconds since the epoch. */
	readonly createdMs: number;
	/** Of a drill's container, as labels.ts says. */
	readonly mostLifeMs: number | null;
	/** Of a hold. */
	readonly held: Held | null;
	/** Of a hold: its place among its run's. */
	readonly order: number;
}

/** A hold that says what it holds. */
export type Hold = Ours & { readonly held: Held };

/** Holds in the order in which what they hold is started. */
export function readOurs(list: unknown, names: typeof labels): Ours[] {
	const field = (value: unknown, name: string): unknown =>
		typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
	const items: unknown[] = Array.isArray(list) ? list : [];
	return items
		.map((item) => {
			const written = (name: string): string | null => {
				const text = field(field(item, 'Labels'), name);
				return typeof text === 'string' ? text : null;
			};
			const held = written(names.held);
			const containers: unknown = field(item, 'Names');
			const first: unknown = Array.isArray(containers) ? containers[0] : undefined;
			return {
				id: String(field(item, 'Id')),
				name: typeof first === 'string' ? first.replace(/^\//, '') : '',
				role: String(written(names.role)),
				run: written(names.run),
				job: written(names.job),
				state: String(field(item, 'State')),
				createdMs: Number(field(item, 'Created')) * 1000,
				mostLifeMs: Number(written(names.mostLife)) || null,
				held:
					held === null
						? null
						: {
								id: held,
								name: written(names.heldName) ?? held,
								mode: written(names.heldMode) === 'pause' ? ('pause' as const) : ('stop' as const),
								project: written(names.heldProject),
								service: written(names.heldService),
								number: written(names.heldNumber),
								...(written(names.heldReplaced) === 'true' && { replaced: true }),
							},
				order: Number(written(names.heldOrder) ?? 0),
			};
		})
		.sort((a, b) => a.order - b.order);
}

/** In whatever state. `label`: only those that have it, as `key=value`. */
export async function listOurs(host: DockerHost, signal?: AbortSignal, label?: string): Promise<Ours[]> {
	const list = await request(host, {
		method: 'GET',
		path: '/containers/json',
		query: { all: true, filters: { label: [labels.role, ...(label === undefined ? [] : [label])] } },
		doing: 'list runners',
		signal,
	});
	return readOurs(list, labels);
}

export const isHold = (ours: Ours): ours is Hold => ours.role === 'hold' && ours.held !== null;

/** Something works, or waits to: what it holds and watches is its own. */
export const isActive = ({ state }: Pick<Ours, 'state'>): boolean =>
	state === 'running' || state === 'paused' || state === 'restarting';

/** Roles of the containers that run an engine. */
const engines: readonly string[] = ['read', 'extract', 'repository'];

export const isRunner = ({ role }: Pick<Ours, 'role'>): boolean => engines.includes(role);
