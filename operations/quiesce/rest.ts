/**
 * Containers at rest for a time: held so that no other run brings them to rest meanwhile, guarded in case that this
 * process never comes back, stopped or paused in the order of their dependencies, and as they were again afterwards.
 * A held resource: whatever happened, `end`.
 */
import {
	becomesHealthy,
	bringToRest,
	letGoOn,
	rests,
	type Before,
	type Patience,
} from '../../docker/quiesce/rest';
import type { DockerHost } from '../../docker/api';
import { findAgain, type Candidate } from '../../docker/quiesce/candidates';
import { startGuard, type Guard } from '../../docker/quiesce/guard';
import { holdContainers, type Held, type Holds } from '../../docker/quiesce/holds';
import { isHold, listOurs } from '../../docker/quiesce/ours';
import { inTurn, startOrder, stopOrder, type Step } from '../../docker/quiesce/order';
import { ensureImage } from '../../docker/images';
import type { Clock } from '../../protocol/environment';
import { BackupError, toBackupError } from '../../protocol/errors';
import type { RecordWarning } from '../../protocol/record';
import { defaultSocket, type HostSettings } from '../settings';

export interface RestOptions {
	readonly runId: string;
	readonly job: string | null;
	/** Reference of the runner's image: holds and guard are made from it. */
	readonly image: string;
	readonly mode: 'pause' | 'stop';
	/**
	 * Null: nobody starts them again should this process die, until the next operation on this host; nor where a guard
	 * that is not required can't be started.
	 */
	readonly guard: { readonly socketPath: string; readonly required: boolean } | null;
	/** What they use is being replaced: nobody but this process starts them again. */
	readonly replaced?: boolean;
	readonly downtimeLimitMs: number;
	/** How long to wait for other runs that hold one of them. */
	readonly waitMs: number;
	/** 0: nobody waits for health. */
	readonly healthLimitMs: number;
	readonly clock: Clock;
	readonly patience?: Patience;
}

export interface RestEnded {
	/** Names of those that rested. */
	readonly rested: readonly string[];
	/** Those of them that run again, in the order in which they did. */
	readonly running: readonly string[];
	/** Those of them that ran before they were let. */
	readonly ranMeanwhile: readonly string[];
	/** From the first that was asked to rest until the last ran again; waits for health count where others wait too. */
	readonly downtimeMs: number;
	readonly warnings: readonly RecordWarning[];
	readonly problems: readonly BackupError[];
}

export interface Look {
	/** Everybody on the host. */
	readonly all: readonly Candidate[];
	readonly chosen: readonly Candidate[];
}

/** One that was asked to rest. */
interface Rested {
	readonly container: Candidate;
	/** When it rested; '' as long as nobody knows. */
	startedAt: string;
}

const mostTries = 5;

/** On the Docker host itself. */
export function guardSocketOf({ endpoint, runner }: HostSettings): string {
	return runner.guardSocket ?? (endpoint.type === 'tcp' ? defaultSocket : endpoint.socketPath);
}

export class Rest {
	private holds: Holds | undefined;
	private held: readonly Candidate[] = [];
	private guard: Guard | undefined;
	private steps: readonly Step<Candidate>[] = [];
	private readonly rested = new Map<string, Rested>();
	private since: number | undefined;

	constructor(
		private readonly host: DockerHost,
		private readonly options: RestOptions,
	) {}

	/** Whether it was asked to rest. */
	knows(id: string): boolean {
		return this.rested.has(id);
	}

	/**
	 * Holds those that `look` finds and that are to rest, and looks again: another run may just have let them go on, or
	 * somebody has made them anew. Resolves to them as they are now; what rests already is left as it is. Throws
	 * `container_held`.
	 */
	async hold(look: () => Promise<Look>, signal: AbortSignal): Promise<readonly Candidate[]> {
		const { runId, job, waitMs, clock } = this.options;
		const image = await ensureImage(this.host, this.options.image, { signal });
		for (let tries = 0; tries < mostTries; tries += 1) {
			const { chosen, all } = await look();
			const others = await this.heldByOthers(signal);
			// What another run has brought to rest looks as if it had rested before.
			const wanted = chosen.filter((one) => this.mustRest(one) || others.has(one.id));
			this.held = startOrder(wanted, all).map(({ container }) => container);
			if (this.held.length === 0) return [];
			const options = { runId, job, imageId: image.id, waitMs, clock, signal };
			const held = this.held.map((container) => this.heldAs(container));
			this.holds = await holdContainers(this.host, held, options);
			const now = (await look()).chosen.filter((one) => this.mustRest(one));
			if (now.every(({ id }) => this.held.some((one) => one.id === id))) return await this.keep(now);
			await this.release(this.held);
		}
		throw new BackupError(
			'container_not_stopped',
			'the containers to be brought to rest change all the time',
			{
				hint: 'Something starts or makes them anew again and again: see docker events.',
			},
		);
	}

	/** Has these, which are held, guarded before they rest. `all`: everybody on the host. */
	async prepare(
		containers: readonly Candidate[],
		all: readonly Candidate[],
		signal: AbortSignal,
	): Promise<void> {
		this.steps = startOrder(containers, all);
		if (containers.length > 0) await this.startGuard(signal);
	}

	/** Brings those that are prepared to rest, also half when it throws. */
	async begin(signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		if (this.steps.length === 0) return;
		this.since = this.options.clock.monotonic();
		await inTurn(stopOrder(this.steps), async (container) => {
			signal.throwIfAborted();
			// Before it is asked: an answer that is lost does not mean that it still runs.
			const rested: Rested = { container, startedAt: '' };
			this.rested.set(container.id, rested);
			const found = await bringToRest(this.host, container, this.options.mode);
			rested.startedAt = found.startedAt;
		});
		signal.throwIfAborted();
	}

	/** Everything goes on. Never rejects. Once. */
	async end(): Promise<RestEnded> {
		const { clock } = this.options;
		const warnings: RecordWarning[] = [];
		const problems: BackupError[] = [];
		const ranMeanwhile: string[] = [];
		const running = new Map<string, Candidate>();
		const steps = this.steps.filter(({ container: { id } }) => this.rested.has(id));
		const needed = new Set(steps.flatMap(({ after }) => after));
		let last = clock.monotonic();
		await inTurn(steps, async (container) => {
			if (await this.ranMeanwhile(container)) ranMeanwhile.push(container.name);
			try {
				const now = await letGoOn(this.host, this.before(container), clock, this.options.patience);
				running.set(container.id, now);
			} catch (error) {
				problems.push(toBackupError(error));
			}
			last = clock.monotonic();
			if (needed.has(container.id)) await this.health(container, running, warnings);
		});
		const downtimeMs = this.since === undefined ? 0 : Math.round(last - this.since);
		const others = steps.filter(({ container }) => !needed.has(container.id));
		await Promise.all(others.map(({ container }) => this.health(container, running, warnings)));
		await this.letGo(running, warnings);
		const names = (candidates: Iterable<Candidate>) => [...candidates].map(({ name }) => name);
		return {
			rested: [...this.rested.values()].map(({ container: { name } }) => name),
			running: names(running.values()),
			ranMeanwhile,
			downtimeMs,
			warnings,
			problems,
		};
	}

	private async heldByOthers(signal: AbortSignal): Promise<ReadonlySet<string>> {
		const holds = (await listOurs(this.host, signal)).filter(isHold);
		return new Set(holds.filter(({ run }) => run !== this.options.runId).map(({ held }) => held.id));
	}

	private mustRest({ active, paused }: Candidate): boolean {
		return active && !(paused && this.options.mode === 'pause');
	}

	private heldAs({ id, name, project, service, number }: Candidate): Held {
		const { mode, replaced = false } = this.options;
		return { id, name, mode, project, service, number, ...(replaced && { replaced }) };
	}

	private before({ id, name, project, service, number, paused, restarting }: Candidate): Before {
		const { mode } = this.options;
		return { id, name, project, service, number, restarting, mode, paused: paused && mode === 'stop' };
	}

	/** What does not run any more is not ours to start. */
	private async keep(active: readonly Candidate[]): Promise<readonly Candidate[]> {
		await this.release(this.held.filter(({ id }) => !active.some((one) => one.id === id)));
		return active;
	}

	private async release(containers: readonly Candidate[]): Promise<void> {
		for (const { id } of containers) await this.holds?.release(id);
		this.held = this.held.filter((one) => !containers.includes(one));
	}

	private async startGuard(signal: AbortSignal): Promise<void> {
		const { guard, image: reference, runId, job, downtimeLimitMs } = this.options;
		if (!guard) return;
		const image = await ensureImage(this.host, reference, { signal });
		const containers = this.steps.map(({ container }) => this.heldAs(container));
		const spec = { runId, job, image: reference, imageId: image.id, containers, downtimeLimitMs };
		try {
			this.guard = await startGuard(this.host, { ...spec, socketPath: guard.socketPath }, signal);
		} catch (error) {
			signal.throwIfAborted();
			if (guard.required || toBackupError(error).code !== 'guard_failed') throw error;
		}
	}

	/** What can't be looked at is not known to have rested. */
	private async ranMeanwhile(container: Candidate): Promise<boolean> {
		const known = this.rested.get(container.id)?.startedAt ?? '';
		if (known === '') return false; // it never came to rest
		try {
			const now = await findAgain(this.host, container);
			return now !== undefined && (!rests(now, this.options.mode) || now.startedAt !== known);
		} catch {
			return true;
		}
	}

	private async health(
		{ id, name, health }: Candidate,
		running: ReadonlyMap<string, Candidate>,
		warnings: RecordWarning[],
	): Promise<void> {
		const now = running.get(id);
		const { healthLimitMs, clock } = this.options;
		// One that was not well before need not be afterwards.
		if (!now || health !== 'healthy' || (await becomesHealthy(this.host, now, healthLimitMs, clock))) return;
		const seconds = healthLimitMs / 1000;
		const message = `container "${name}" runs again, but was not healthy within ${seconds} s`;
		warnings.push({ code: 'container_not_healthy', message, path: null });
	}

	/** What does not run again stays held and guarded: they may bring about what we could not. */
	private async letGo(running: ReadonlyMap<string, Candidate>, warnings: RecordWarning[]): Promise<void> {
		const down = this.steps.filter(({ container: { id } }) => this.rested.has(id) && !running.has(id));
		try {
			if (down.length === 0) await this.guard?.dismiss();
			await this.release(this.held.filter(({ id }) => !down.some(({ container }) => container.id === id)));
		} catch (error) {
			const message = `the note of who brought containers to rest is left behind: ${toBackupError(error).message}`;
			warnings.push({ code: 'hold_left', message, path: null });
		}
	}
}
