/**
 * What the guard runs: `node -e` with the text of these functions, which therefore use nothing but their arguments and
 * what JavaScript and Node.js have by themselves.
 */
import type * as Http from 'node:http';
import { labels } from '../labels';
import { readOurs, type Ours } from './ours';
import { wake, type Ask } from './wake';

/** Where the guard finds the Docker socket. */
export const guardsSocket = '/docker.sock';

export interface GuardPlan {
	readonly runId: string;
	readonly limitMs: number;
	/** Ids of what is held, in the order in which they are started; others come behind them. */
	readonly order: readonly string[];
	readonly roleLabel: string;
	readonly holdPrefix: string;
}

interface Surroundings {
	readonly ask: Ask;
	readonly process: NodeJS.Process;
	/** The host's, which is the daemon's. */
	readonly wallClock: () => number;
	readonly names: typeof labels;
	readonly read: typeof readOurs;
	readonly wakeOne: typeof wake;
}

/** As `Ask` says, with a time-out. */
export function askOver(http: typeof Http, socketPath: string): Ask {
	return (method, path, query = {}) =>
		new Promise((resolve, reject) => {
			const fail = (error: unknown) => reject(error instanceof Error ? error : new Error(String(error)));
			const search = new URLSearchParams(query).toString();
			const headers = { Host: 'docker', 'Content-Length': '0' };
			const asked = { socketPath, method, path: `${path}?${search}`, headers, agent: false };
			const asking = http.request(asked, (answer) => {
				const chunks: Buffer[] = [];
				answer.on('error', fail);
				answer.on('data', (chunk: Buffer) => chunks.push(chunk));
				answer.on('end', () => {
					const status = answer.statusCode ?? 0;
					const text = Buffer.concat(chunks).toString().trim();
					if ((status < 200 || status > 299) && status !== 304 && status !== 404) {
						return fail(new Error(`${method} ${path}: HTTP status ${status} ${text}`));
					}
					try {
						resolve({ status, body: status === 200 && text !== '' ? JSON.parse(text) : null });
					} catch (error) {
						fail(error);
					}
				});
			});
			// Starting a container can take long on a busy host.
			asking.setTimeout(method === 'GET' ? 15_000 : 120_000, () => {
				asking.destroy(new Error(`${method} ${path}: no answer`));
			});
			asking.on('error', fail);
			asking.end();
		});
}

/**
 * Says `watching` as soon as it does, or why it can't. Looks every two seconds; when no runner of the run is at work, or
 * the time is over, it wakes what is held in order, until all runs or a day is over; then it takes away the runner
 * that ended, and itself. Ends with an error, to be started again, when it is asked to end, and when the daemon does
 * not answer: its socket may be another one meanwhile.
 */
export async function standGuard(
	{ ask, process, wallClock, names, read, wakeOne }: Surroundings,
	plan: GuardPlan,
): Promise<void> {
	const monotonic = () => Number(process.hrtime.bigint() / 1_000_000n);
	const say = (text: string) => void process.stdout.write(`${text.replace(/\s+/g, ' ')}\n`);
	const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
	const label = [names.role, `${names.run}=${plan.runId}`];
	const look = async () =>
		read(
			(await ask('GET', '/containers/json', { all: 'true', filters: JSON.stringify({ label }) })).body,
			names,
		);
	const isSelf = ({ id }: Ours) => id.startsWith(process.env['HOSTNAME'] ?? 'unknown');
	const isRunner = ({ role }: Ours) => ['read', 'extract', 'repository'].includes(role);
	const isAtWork = ({ state }: Ours) => ['running', 'paused', 'restarting'].includes(state);
	/** What has passed of the limit before this process began: something only after a restart. */
	const passedBefore = (ours: readonly Ours[]) => {
		const self = ours.find(isSelf);
		const newest = Math.max(0, ...ours.filter(({ held }) => held !== null).map(({ createdMs }) => createdMs));
		const again = self !== undefined && wallClock() - self.createdMs > 30_000;
		return again && newest > 0 ? wallClock() - newest : 0;
	};
	/** How many are still to be woken. */
	const wakeAll = async (ours: readonly Ours[], idleMs: number) => {
		let left = 0;
		const place = ({ held }: Ours) => (plan.order.indexOf(held?.id ?? '') + 1 || Infinity) - 1;
		const inOrder = [...ours].sort((a, b) => (place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0));
		for (const { id, held } of inOrder) {
			if (held === null) continue;
			try {
				if (await wakeOne(ask, { id, held }, { ...plan, idleMs })) {
					await ask('DELETE', `/containers/${id}`, { v: 'true' });
				} else left++;
			} catch (error) {
				left++;
				say(wordsOf(error));
			}
		}
		return left;
	};
	const leave = async (ours: readonly Ours[]) => {
		const ended = ours.filter((each) => isRunner(each) && !isAtWork(each));
		const self = ours.filter(isSelf);
		for (const { id } of [...ended, ...self]) {
			const query = { v: 'true', force: String(self.some((each) => each.id === id)) };
			// What stays is left to the next operation.
			await ask('DELETE', `/containers/${id}`, query).catch((error: unknown) => say(wordsOf(error)));
		}
		process.exit(0);
	};

	for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(1));
	const began = monotonic();
	let answered = began;
	let before: number | undefined;
	/** Since when it acts. */
	let acting: number | undefined;
	for (;;) {
		try {
			const ours = await look();
			answered = monotonic();
			if (before === undefined) {
				before = passedBefore(ours);
				say('watching');
			}
			const over = before + answered - began > plan.limitMs;
			const abandoned = !ours.some((each) => isRunner(each) && isAtWork(each));
			acting = over || abandoned ? (acting ?? answered) : undefined;
			if (acting !== undefined) {
				const idleMs = answered - acting;
				const left = await wakeAll(ours, idleMs);
				// Should somebody be there after all, he first wants to know how his runner ended.
				if ((left === 0 && idleMs > 5_000) || idleMs > 86_400_000) await leave(ours);
			}
		} catch (error) {
			say(wordsOf(error));
			if (monotonic() - answered > 30_000) process.exit(1);
		}
		const long = acting !== undefined && monotonic() - acting > 600_000;
		await new Promise((resolve) => setTimeout(resolve, long ? 15_000 : 2_000));
	}
}

/** For `node -e`; the plan is the one argument behind it. */
export const guardSource = `'use strict';
const askOver = ${String(askOver)};
const standGuard = ${String(standGuard)};
const names = ${JSON.stringify(labels)};
const read = ${String(readOurs)};
const wakeOne = ${String(wake)};
const ask = askOver(require('node:http'), ${JSON.stringify(guardsSocket)});
void standGuard({ ask, process, wallClock: () => Date.now(), names, read, wakeOne }, JSON.parse(process.argv[1]));
`;
