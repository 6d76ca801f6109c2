/** What becomes of the containers that use what is backed up, and what is run in them. Throws `usage`. */
import { isAbsolute } from 'node:path';
import {
	quiesceDefaults,
	type ContainerCommand,
	type HostSettings,
	type QuiesceRequest,
} from '../../operations/index';
import { usage } from '../parse-arguments';
import type { Flag, Values } from '../verb';

export const quiesceFlags = [
	{
		name: 'quiesce',
		value: 'none|pause|stop',
		help: 'What becomes of the containers that use the sources while these are read; default none',
	},
	{
		name: 'quiesce-container',
		value: 'CONTAINER',
		repeatable: true,
		help: 'Instead of those that use the sources: this one, by name or id',
	},
	{
		name: 'quiesce-label',
		value: 'LABEL',
		repeatable: true,
		help: 'Instead of those that use the sources: those with this label (KEY or KEY=VALUE)',
	},
	{
		name: 'quiesce-except',
		value: 'CONTAINER',
		repeatable: true,
		help: 'Leave this container as it is, whatever it uses',
	},
	{
		name: 'max-downtime',
		value: 'TIME',
		help: 'Start the containers again after so long, and fail: e.g. 90s, 30m; default 1h',
	},
	{
		name: 'quiesce-wait',
		value: 'TIME',
		help: 'Wait for another backup that keeps one of the containers at rest; default 10m',
	},
	{
		name: 'health-limit',
		value: 'TIME',
		help: 'How long containers with a health check may take to be healthy again; default 2m, 0: nobody waits',
	},
	{
		name: 'no-guard',
		help: 'No second container that starts them again should this command be killed',
	},
	{
		name: 'guard-socket',
		value: 'PATH',
		help: 'Docker socket on the Docker host itself, for that second container',
	},
	{
		name: 'before',
		value: 'CONTAINER=COMMAND',
		repeatable: true,
		help: 'Run this in the container before, e.g. \'db=["psql","-c","CHECKPOINT"]\'; with more than the command: \'db={"command":["sync"], "user":"root", "limit":"1m", "onFailure":"continue"}\'',
	},
	{
		name: 'after',
		value: 'CONTAINER=COMMAND',
		repeatable: true,
		help: 'The same once it runs again, also after a failure',
	},
] as const satisfies readonly Flag[];

export type QuiesceValues = Values<typeof quiesceFlags>;

const modes = ['none', 'pause', 'stop'] as const;

export function quiesceOf(flags: QuiesceValues): QuiesceRequest {
	const containers = flags['quiesce-container'];
	const labels = flags['quiesce-label'];
	const mode = modes.find((each) => each === (flags.quiesce ?? 'none'));
	if (mode === undefined)
		throw usage(`--quiesce ${JSON.stringify(flags.quiesce)} is not none, pause or stop`);
	if (containers.length > 0 && labels.length > 0) {
		throw usage('--quiesce-container and --quiesce-label exclude each other');
	}
	return {
		mode,
		which: containers.length > 0 ? 'named' : labels.length > 0 ? 'labelled' : 'using',
		containers,
		labels,
		except: flags['quiesce-except'],
		guard: !flags['no-guard'],
		downtimeLimitMs: time('max-downtime', flags['max-downtime'], quiesceDefaults.downtimeLimitMs, 1),
		waitMs: time('quiesce-wait', flags['quiesce-wait'], quiesceDefaults.waitMs, 0),
		healthLimitMs: time('health-limit', flags['health-limit'], quiesceDefaults.healthLimitMs, 0),
		before: flags.before.map((text) => commandOf('before', text)),
		after: flags.after.map((text) => commandOf('after', text)),
		// Nothing that this command lives on runs in a container of this host, as far as it can know.
		livesOn: [],
	};
}

/** With the socket that a guard is to use. */
export function guardedHost(host: HostSettings, flags: QuiesceValues): HostSettings {
	const guardSocket = flags['guard-socket'];
	if (guardSocket === undefined) return host;
	if (!isAbsolute(guardSocket))
		throw usage(`--guard-socket ${JSON.stringify(guardSocket)} is no absolute path`);
	return { ...host, runner: { ...host.runner, guardSocket } };
}

const units = { '': 1, s: 1, m: 60, h: 3600 } as const;

/** Milliseconds of `90`, `90s`, `30m`, `1h`; at most a week. */
function time(flag: string, text: string | undefined, otherwise: number, leastSeconds: number): number {
	if (text === undefined) return otherwise;
	const [, digits, unit = ''] = /^(\d{1,6})([smh]?)$/.exec(text) ?? [];
	const seconds = Number(digits) * units[unit as keyof typeof units];
	if (digits !== undefined && seconds >= leastSeconds && seconds <= 604_800) return seconds * 1000;
	throw usage(`--${flag} ${JSON.stringify(text)} is no time`, 'Write e.g. 90s, 30m or 2h.');
}

function commandOf(flag: 'before' | 'after', text: string): ContainerCommand {
	const [, container = '', json = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
	const wrong = () =>
		usage(
			`--${flag} ${JSON.stringify(text)} is no command`,
			'Write CONTAINER=["PROGRAM","ARGUMENT"]: a JSON list, as nothing is given to a shell.',
		);
	let given: unknown;
	try {
		given = JSON.parse(json);
	} catch {
		throw wrong();
	}
	const fields = Array.isArray(given) ? { command: given as unknown[] } : asFields(given, wrong);
	const { command, user, limit, onFailure = 'fail', ...others } = fields;
	const [program, ...rest] = Array.isArray(command) ? (command as unknown[]) : [];
	const isText = (value: unknown): value is string => typeof value === 'string';
	const isLimit = limit === undefined || isText(limit) || typeof limit === 'number';
	if (!isText(program) || program === '' || !rest.every(isText) || Object.keys(others).length > 0)
		throw wrong();
	if ((user !== undefined && !isText(user)) || !isLimit) throw wrong();
	if (onFailure !== 'fail' && onFailure !== 'continue') throw wrong();
	return {
		container,
		command: [program, ...rest],
		...(user !== undefined && { user }),
		limitMs: time(flag, limit === undefined ? undefined : String(limit), quiesceDefaults.commandLimitMs, 1),
		onFailure,
	};
}

function asFields(value: unknown, wrong: () => Error): Readonly<Record<string, unknown>> {
	if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
		return value as Record<string, unknown>;
	}
	throw wrong();
}
