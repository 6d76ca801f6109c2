/**
 * The containers of one archive, from the commands before it is read to the commands after it: what is done in which
 * order, and what the record may claim.
 */
import { connectDocker } from '../../docker/client';
import type { DockerHost } from '../../docker/api';
import { listCandidates, type Candidate } from '../../docker/quiesce/candidates';
import { chooseContainers, type Used } from '../../docker/quiesce/choose';
import { protectedContainers } from '../../docker/quiesce/protect';
import { inspectVolume, placesOf } from '../../docker/volumes';
import { BackupError, toBackupError } from '../../protocol/errors';
import type { RecordWarning } from '../../protocol/record';
import type { HostSettings, OperationContext } from '../settings';
import { runCommand, warningOf } from './commands';
import type { Rested } from './quieting';
import type { QuietingSpec } from './quiesce';
import { guardSocketOf, Rest, type Look } from './rest';
import type { UsedSources } from './used-sources';

export interface ArchiveSpec extends Omit<QuietingSpec, 'sources' | 'own'> {
	readonly sources: UsedSources;
	readonly own: string | null;
}

interface LookAtAll extends Look {
	/** Users of the sources that are not to rest. */
	readonly others: readonly Candidate[];
}

export class ArchiveRest {
	private readonly host: DockerHost;
	private readonly rest: Rest;
	private readonly late = new AbortController();
	private readonly inTime = new AbortController();
	private readonly warnings: RecordWarning[] = [];
	private readonly problems: BackupError[] = [];
	/** Others that ran while the sources were read, by name. */
	private readonly awake = new Set<string>();
	/** Whether some user of the sources was paused, by whomever. */
	private sawPaused = false;
	private noted: Promise<void> | undefined;
	private used: Used | undefined;
	private commandsBegun = false;
	private resting = false;
	private ending: Promise<Rested> | undefined;

	constructor(
		private readonly context: OperationContext,
		hostSettings: HostSettings,
		private readonly spec: ArchiveSpec,
	) {
		const { endpoint, runner } = hostSettings;
		const { mode, guard, downtimeLimitMs, waitMs, healthLimitMs } = spec.request;
		this.host = connectDocker(endpoint);
		this.rest = new Rest(this.host, {
			runId: spec.runId,
			job: spec.job,
			image: runner.image,
			mode: mode === 'pause' ? 'pause' : 'stop',
			guard: guard ? { socketPath: guardSocketOf(hostSettings), required: true } : null,
			downtimeLimitMs,
			waitMs,
			healthLimitMs,
			clock: context.clock,
		});
	}

	/** When it throws, everything runs again. */
	async begin(): Promise<void> {
		try {
			await this.bringToRest(AbortSignal.any([this.context.signal, this.late.signal]));
			this.context.signal.addEventListener('abort', this.letGo, { once: true });
		} catch (error) {
			await this.end();
			throw error;
		}
	}

	/** Any number of times. Never rejects. */
	end(): Promise<Rested> {
		return (this.ending ??= this.goOn());
	}

	/** Nobody waits for it here: whoever ends the archive does. */
	private readonly letGo = () => void this.end();

	private async bringToRest(signal: AbortSignal): Promise<void> {
		const { mode, before } = this.spec.request;
		let look: LookAtAll | undefined;
		const lookAgain = async () => {
			look = await this.look(signal);
			this.requireAllowed(look);
			return look;
		};
		// Refused before anybody's command was run.
		const held = mode === 'none' ? [] : await this.rest.hold(lookAgain, signal);
		await this.runBefore(before, signal);
		if (mode === 'none') return;
		await this.rest.prepare(held, look?.all ?? [], signal);
		void this.limitDowntime();
		await this.rest.begin(signal);
		signal.throwIfAborted();
		// While it is being read already: every second counts for those that rest.
		this.noted = this.noteAwake(signal);
		this.resting = true;
	}

	private async limitDowntime(): Promise<void> {
		const { downtimeLimitMs } = this.spec.request;
		try {
			await this.context.clock.sleep(downtimeLimitMs, this.inTime.signal);
		} catch {
			return; // they went on before
		}
		this.late.abort(tooLong(downtimeLimitMs));
		if (this.resting) this.letGo();
	}

	private async goOn(): Promise<Rested> {
		const { mode, after } = this.spec.request;
		const claimable = this.resting;
		this.inTime.abort();
		this.context.signal.removeEventListener('abort', this.letGo);
		// Looked at as they go on, without holding that up.
		const noted = Promise.all([this.noted, claimable ? this.noteAwake() : undefined]);
		const ended = await this.rest.end();
		await noted;
		if (this.commandsBegun || claimable || mode === 'none') await this.runAfter(after);
		this.host.close();
		const warnings = [
			...this.warnings,
			...ended.warnings,
			...ended.ranMeanwhile.map((name) => ranMeanwhile(name)),
			...[...this.awake].map((name) => notRested(name)),
		];
		const asleep = claimable && this.awake.size + ended.ranMeanwhile.length === 0;
		return {
			consistency: !asleep ? 'live' : this.sawPaused ? 'paused' : 'stopped',
			downtimeMs: ended.downtimeMs,
			warnings,
			refusal: this.late.signal.aborted ? toBackupError(this.late.signal.reason) : null,
			problems: [...ended.problems, ...this.problems],
		};
	}

	private async look(signal?: AbortSignal): Promise<LookAtAll> {
		const all = await listCandidates(this.host, signal);
		this.used ??= await usedOf(this.host, this.spec.sources, signal);
		return { all, ...chooseContainers(all, this.used, this.spec.request) };
	}

	private requireAllowed({ all, chosen }: Look): void {
		const { own, request } = this.spec;
		const reasons = protectedContainers(all, { own, on: request.livesOn });
		for (const { id, name, active, fleeting } of chosen) {
			const reason = reasons.get(id);
			if (active && reason !== undefined) throw isProtected(name, reason);
			if (active && fleeting && request.mode === 'stop') throw isFleeting(name);
		}
	}

	/** Those that use the sources and run although these are to be read in peace. Never rejects. */
	private async noteAwake(signal?: AbortSignal): Promise<void> {
		try {
			const { chosen, others } = await this.look(signal);
			for (const { name, id, active, paused } of [...chosen, ...others]) {
				// Those that were brought to rest are looked at one by one when they go on.
				if (active && !paused && !this.rest.knows(id)) this.awake.add(name);
				this.sawPaused ||= paused;
			}
		} catch (error) {
			if (signal?.aborted) return;
			const { message } = toBackupError(error);
			this.warnings.push(warning('rest_unknown', `who else used the sources is not known: ${message}`));
		}
	}

	private async runBefore(commands: QuietingSpec['request']['before'], signal: AbortSignal): Promise<void> {
		for (const command of commands) {
			this.commandsBegun = true;
			const failure = await runCommand(this.host, command, 'before', signal);
			if (failure && command.onFailure === 'fail') throw failure;
			if (failure) this.warnings.push(warningOf(failure));
		}
	}

	/** All of them, also after a cancel: they take back what those before have done. */
	private async runAfter(commands: QuietingSpec['request']['after']): Promise<void> {
		for (const command of commands) {
			const failure = await runCommand(this.host, command, 'after').catch(toBackupError);
			if (failure && command.onFailure === 'fail') this.problems.push(failure);
			else if (failure) this.warnings.push(warningOf(failure));
		}
	}
}

async function usedOf(
	host: DockerHost,
	{ volumes, directories, containers }: UsedSources,
	signal?: AbortSignal,
): Promise<Used> {
	const found: Used['volumes'][number][] = [];
	for (const name of volumes) found.push({ name, places: placesOf(await inspectVolume(host, name, signal)) });
	return { volumes: found, directories, containers };
}

const warning = (code: string, message: string): RecordWarning => ({ code, message, path: null });

const ranMeanwhile = (name: string): RecordWarning =>
	warning(
		'container_ran_meanwhile',
		`container "${name}" was started, or made anew, while what it uses was being read`,
	);

const notRested = (name: string): RecordWarning =>
	warning('container_not_rested', `container "${name}" uses what was read, and ran meanwhile`);

function tooLong(limitMs: number): BackupError {
	return new BackupError(
		'timed_out',
		`the containers rested for ${limitMs / 1000} s, the maximum downtime, and were started again before all was read`,
		{ hint: 'Allow a longer downtime, or leave out what need not be backed up.' },
	);
}

function isProtected(name: string, reason: string): BackupError {
	return new BackupError('container_protected', `container "${name}" is never stopped or paused: ${reason}`, {
		hint: 'Back up its database while it runs (Snapshot SQLite, Dump Postgres), back up without quiescing, or except this container.',
	});
}

function isFleeting(name: string): BackupError {
	return new BackupError(
		'container_not_stopped',
		`container "${name}" would not come back once it is stopped`,
		{
			hint: 'It was started with --rm or belongs to a Swarm service: pause instead, or except this container.',
		},
	);
}
