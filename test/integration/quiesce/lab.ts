/** Applications in containers, backed up by the operation itself, with the times at which things happened. */
import {
	backUpVolumes,
	defaultRunner,
	noQuiesce,
	systemClock,
	systemRandom,
	toBackupError,
	type BackupError,
	type BackUpRequest,
	type BackupRecord,
	type HostSettings,
	type OperationEvent,
	type QuiesceRequest,
	type RepositoryLocation,
} from '../../../operations';
import { docker, unique } from '../cli/lab';
import { image, socketPath } from '../docker/lab';

export const host: HostSettings = { endpoint: { type: 'socket', socketPath }, runner: defaultRunner };

/** Containers that are removed when the test file ends; call it before the CLI's `lab`, whose volumes they use. */
export function applications() {
	const containers: string[] = [];
	afterAll(async () => {
		if (containers.length > 0) await docker('rm', '-f', ...containers);
	});
	/** Sleeps, unless another command is given after `--`. */
	return async (
		options: readonly string[],
		command: readonly string[] = ['sleep', '86400'],
	): Promise<string> => {
		const name = unique('quiet');
		containers.push(name);
		const run = ['run', '-d', '--init', '--network=none', '--name', name, ...options];
		await docker(...run, image, ...command);
		return name;
	};
}

export interface State {
	readonly status: string;
	readonly startedAt: number;
	readonly finishedAt: number;
}

export async function stateOf(name: string): Promise<State> {
	const format = '{{.State.Status}} {{.State.StartedAt}} {{.State.FinishedAt}}';
	const [status = '', started = '', finished = ''] = (await docker('inspect', '-f', format, name)).split(' ');
	return { status, startedAt: Date.parse(started), finishedAt: Date.parse(finished) };
}

export interface Ran {
	readonly records: readonly BackupRecord[];
	readonly error: BackupError | undefined;
	/** Of the first event of this name, milliseconds since the epoch; NaN: there was none. */
	at(event: OperationEvent['event']): number;
}

export interface Run {
	readonly job: string;
	readonly volumes: readonly string[];
	readonly directories?: readonly string[];
	readonly repository: string | RepositoryLocation;
	readonly quiesce: Partial<QuiesceRequest>;
	readonly separate?: boolean;
	readonly host?: HostSettings;
	readonly signal?: AbortSignal;
	onEvent?(event: OperationEvent): void;
}

export async function run({ quiesce, repository, signal, onEvent, ...given }: Run): Promise<Ran> {
	const times = new Map<string, number>();
	const context = {
		clock: systemClock,
		random: systemRandom,
		signal: signal ?? new AbortController().signal,
		workflow: null,
		onEvent(event: OperationEvent) {
			if (!times.has(event.event)) times.set(event.event, Date.now());
			onEvent?.(event);
		},
	};
	const at = (event: OperationEvent['event']) => times.get(event) ?? NaN;
	const location =
		typeof repository === 'string' ? ({ type: 'directory', path: repository } as const) : repository;
	const settings = { location, secret: null, previousSecrets: [], mayCreate: true, id: null };
	const request: BackUpRequest = {
		directories: [],
		separate: false,
		exclude: [],
		compression: { algorithm: 'none', level: null },
		encrypt: false,
		tags: [],
		lockWaitMs: 0,
		quiesce: { ...noQuiesce, ...quiesce },
		...given,
	};
	try {
		const { records } = await backUpVolumes(context, given.host ?? host, settings, request);
		return { records, error: undefined, at };
	} catch (error) {
		return { records: [], error: toBackupError(error), at };
	}
}

/** What Docker says of these containers since then: `die a`, `start a`, … */
export async function eventsSince(since: number, names: readonly string[]): Promise<string[]> {
	const filters = names.flatMap((name) => ['--filter', `container=${name}`]);
	const kinds = ['die', 'start', 'pause', 'unpause'].flatMap((kind) => ['--filter', `event=${kind}`]);
	const until = `${Date.now() / 1000}`;
	const told = await docker(
		'events',
		...['--since', `${since / 1000}`, '--until', until, ...filters, ...kinds],
		...['--format', '{{.Action}} {{.Actor.Attributes.name}}'],
	);
	return told.split('\n').filter((line) => line !== '');
}

/** Whatever is left of holds and guards of a job. */
export async function leftOf(job: string): Promise<string> {
	return await docker(
		'ps',
		'-a',
		'--filter',
		`label=n8n-nodes-docker-backup.job=${job}`,
		'--format',
		'{{.Names}}',
	);
}
