/**
 * How a container that was brought to rest goes on. `wake` runs in the guard too, as text: it uses nothing but its
 * arguments and what JavaScript has by itself.
 */
import { exchange, type DockerHost } from '../api';
import type { Held } from './holds';

/** Asks the daemon. Throws its words unless it answers with 2xx, 304 or 404. */
export type Ask = (
	method: 'GET' | 'POST' | 'DELETE',
	path: string,
	query?: Readonly<Record<string, string>>,
) => Promise<{ readonly status: number; readonly body: unknown }>;

/**
 * True: it goes on, or there is nothing left that could; the hold has done its work. False: it still runs, but may be
 * about to stop, since whoever held it asked Docker to not long ago; ask again later. `idleMs`: for how long nobody
 * has been there to stop it. One that was made anew is found by its name, or by what Compose calls it.
 */
export async function wake(
	ask: Ask,
	hold: { readonly id: string; readonly held: Held },
	{ roleLabel, holdPrefix, idleMs }: { roleLabel: string; holdPrefix: string; idleMs: number },
): Promise<boolean> {
	const { held } = hold;
	const field = (value: unknown, ...names: readonly string[]): unknown =>
		names.reduce<unknown>(
			(inner, name) =>
				typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[name] : undefined,
			value,
		);
	const time = (value: unknown): number => Date.parse(String(value));
	const inspect = async (which: string): Promise<unknown> => {
		const { status, body } = await ask('GET', `/containers/${encodeURIComponent(which)}/json`);
		return status === 200 ? body : undefined;
	};
	const ofService = async (): Promise<unknown> => {
		if (held.project === null || held.service === null) return undefined;
		const compose = { project: held.project, service: held.service, 'container-number': held.number };
		const label = Object.entries(compose)
			.filter(([, value]) => value !== null)
			.map(([name, value]) => `com.docker.compose.${name}=${value}`);
		const { body } = await ask('GET', '/containers/json', {
			all: 'true',
			filters: JSON.stringify({ label }),
		});
		const id: unknown = field(body, '0', 'Id');
		return typeof id === 'string' ? await inspect(id) : undefined;
	};
	const foreign = (found: unknown): unknown =>
		field(found, 'Config', 'Labels', roleLabel) === undefined ? found : undefined;

	const seen = await inspect(hold.id);
	// Whoever held it has let it go on.
	if (seen === undefined) return true;
	const found = (await inspect(held.id)) ?? foreign(await inspect(held.name)) ?? (await ofService());
	if (found === undefined) return true;
	const id = String(field(found, 'Id'));
	// Another backup holds the one that took its place.
	if (id !== held.id && (await inspect(holdPrefix + id.slice(0, 12))) !== undefined) return true;
	const running = field(found, 'State', 'Running') === true;
	const paused = field(found, 'State', 'Paused') === true;
	if (paused && held.mode === 'pause') {
		await ask('POST', `/containers/${id}/unpause`);
		return true;
	}
	if (!running && !paused) {
		await ask('POST', `/containers/${id}/start`);
		return true;
	}
	if (time(field(found, 'State', 'StartedAt')) > time(field(seen, 'Created'))) return true;
	// A stop goes on though the one who asked for it is gone; one without end gets ten minutes.
	const own = Number(field(found, 'Config', 'StopTimeout') ?? 10);
	const stopSeconds = held.mode === 'pause' ? 0 : own < 0 ? 600 : own;
	return idleMs > (stopSeconds + 5) * 1000;
}

/** Starting a container can take long on a busy host. */
const patienceMs = 120_000;

export function asking(host: DockerHost, doing: string, signal?: AbortSignal): Ask {
	return (method, path, query) =>
		exchange(host, {
			method,
			path,
			query,
			doing,
			accept: [304, 404],
			// What was begun is not left half done.
			...(method === 'GET' ? { signal } : { limitMs: patienceMs }),
		});
}
