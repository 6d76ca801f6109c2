/**
 * Holds: who has brought which container to rest. A hold is a container of ours that is never started, named after the
 * one it holds, so that of two who want the same only one gets it; its labels are the journal: whose run it is, and
 * what must be started again should nobody come back. Docker keeps it over restarts.
 */
import type { Clock } from '../../protocol/environment';
import { BackupError, joinErrors } from '../../protocol/errors';
import { answers, exchange, request, segment, type DockerHost } from '../api';
import { labels, runLabels } from '../labels';
import { holdPrefix, isHold, listOurs, type Ours } from './ours';
import { recoverHolds } from './recover';

/** A container of others, and how it is to go on. */
export interface Held {
	readonly id: string;
	readonly name: string;
	readonly mode: 'pause' | 'stop';
	/** Of Compose; null: it belongs to none. Made anew meanwhile, it is found by these or by its name. */
	readonly project: string | null;
	readonly service: string | null;
	readonly number: string | null;
	/** What it uses is being replaced: when that breaks off, only a person knows whether it may run. */
	readonly replaced?: boolean;
}

export interface HoldOptions {
	readonly runId: string;
	readonly job: string | null;
	/** Id of an image that the host has. */
	readonly imageId: string;
	/** How long to wait for others that hold one of them. */
	readonly waitMs: number;
	readonly clock: Clock;
	readonly signal: AbortSignal;
}

export interface Holds {
	/** That container is as it was. Any number of times. */
	release(id: string): Promise<void>;
}

const pollMs = 1_000;
/** Docker takes a name some moments before it lists the container that has it, and lets it go some moments after. */
const mostUnlisted = 20;
const unlistedMs = 50;

/**
 * All or none, in the order of their ids. `containers`: in the order in which they are to be started again. Throws
 * `container_held` naming the other run's job.
 */
export async function holdContainers(
	host: DockerHost,
	containers: readonly Held[],
	options: HoldOptions,
): Promise<Holds> {
	const taken = new Map<string, string>();
	const release = async (id: string) => {
		const hold = taken.get(id);
		if (hold !== undefined) await remove(host, hold);
	};
	const until = options.clock.monotonic() + options.waitMs;
	// Who waits for a later one never holds what somebody else needs to go on: no two wait for each other.
	const inOrder = [...new Map(containers.map((held, order) => [held.id, { held, order }])).values()].sort(
		(a, b) => (a.held.id < b.held.id ? -1 : 1),
	);
	try {
		for (const { held, order } of inOrder) {
			taken.set(held.id, await take(host, held, order, until, options));
			await othersGone(host, held, until, options);
		}
		return { release };
	} catch (error) {
		let failure: unknown = error;
		for (const id of taken.keys()) {
			try {
				await release(id);
			} catch (later) {
				failure = joinErrors(failure, later);
			}
		}
		throw failure;
	}
}

/** The hold's own id. */
async function take(
	host: DockerHost,
	held: Held,
	order: number,
	until: number,
	options: HoldOptions,
): Promise<string> {
	for (let unlisted = 0; ; ) {
		options.signal.throwIfAborted();
		const { status, body } = await exchange(host, {
			method: 'POST',
			path: '/containers/create',
			query: { name: holdPrefix + held.id.slice(0, 12) },
			body: holdContainer(held, order, options),
			doing: `hold container "${held.name}"`,
			accept: [409],
		});
		if (status !== 409) return answers.string(answers.fields(body), 'Id');
		const holders = await holdersOf(host, held, options.signal);
		const own = holders.find(({ run }) => run === options.runId);
		if (own) return own.id;
		if (holders.length === 0 && unlisted++ < mostUnlisted) {
			await options.clock.sleep(unlistedMs, options.signal);
			continue;
		}
		await waitFor(host, held, holders, until, options);
	}
}

/** Somebody who has claimed the hold of a run that is over may not have started the container yet. */
async function othersGone(host: DockerHost, held: Held, until: number, options: HoldOptions): Promise<void> {
	for (;;) {
		const holders = await holdersOf(host, held, options.signal);
		const others = holders.filter(({ run }) => run !== options.runId);
		if (others.length === 0) return;
		await waitFor(host, held, others, until, options);
	}
}

/** Once: lets what is nobody's be recovered, or a second pass. */
async function waitFor(
	host: DockerHost,
	held: Held,
	holders: readonly Ours[],
	until: number,
	{ clock, signal }: HoldOptions,
): Promise<void> {
	const [first] = holders;
	const run = first?.run ?? undefined;
	if (run !== undefined) {
		const recovered = await recoverHolds(host, { run, clock, signal });
		if (recovered.some(({ containerId }) => containerId === held.id)) return;
	}
	if (clock.monotonic() >= until) throw heldBy(held, first?.job ?? null);
	await clock.sleep(Math.min(pollMs, Math.max(1, until - clock.monotonic())), signal);
}

function heldBy({ name }: Held, job: string | null): BackupError {
	const whose = job === null ? 'another run' : `a run of job "${job}"`;
	return new BackupError('container_held', `container "${name}" is being kept at rest by ${whose}`, {
		hint: 'Wait until that backup has ended, allow a longer wait, or let the two run at different times.',
	});
}

async function holdersOf(host: DockerHost, { id }: Held, signal: AbortSignal): Promise<Ours[]> {
	return (await listOurs(host, signal, `${labels.held}=${id}`)).filter(isHold);
}

function holdContainer(held: Held, order: number, { imageId, runId, job, clock }: HoldOptions): object {
	const written = {
		...runLabels({ runId, job, created: new Date(clock.now()).toISOString() }),
		[labels.role]: 'hold',
		[labels.held]: held.id,
		[labels.heldName]: held.name,
		[labels.heldMode]: held.mode,
		...(held.project !== null && { [labels.heldProject]: held.project }),
		...(held.service !== null && { [labels.heldService]: held.service }),
		...(held.number !== null && { [labels.heldNumber]: held.number }),
		...(held.replaced && { [labels.heldReplaced]: 'true' }),
		[labels.heldOrder]: String(order),
	};
	return {
		Image: imageId,
		// Should somebody start it.
		Entrypoint: ['true'],
		Cmd: [],
		Labels: written,
		Healthcheck: { Test: ['NONE'] },
		HostConfig: {
			NetworkMode: 'none',
			ReadonlyRootfs: true,
			CapDrop: ['ALL'],
			LogConfig: { Type: 'none', Config: {} },
			RestartPolicy: { Name: 'no' },
		},
	};
}

async function remove(host: DockerHost, hold: string): Promise<void> {
	await request(host, {
		method: 'DELETE',
		path: `/containers/${segment(hold)}`,
		query: { v: true },
		doing: 'remove a hold',
		// Gone, or just going.
		accept: [404, 409],
	});
}
