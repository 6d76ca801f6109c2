/**
 * How a started container ended, learnt while it still exists. Never rejects: what could not be learnt
 * is exit code −1 with the reason.
 */
import type { EngineExit } from '../protocol/engine-process';
import { answers, request, segment, type DockerHost } from './api';
import { messageOf } from './failures';

/** A wait may last as long as the run: this is the longest that a timer takes. */
const forever = 2 ** 31 - 1;
const attempts = 3;

/** Resolves when the container has ended, or soon after `signal` aborts. */
export async function learnExit(host: DockerHost, id: string, signal: AbortSignal): Promise<EngineExit> {
	let reason = 'the daemon says that the container still runs';
	let exitCode = -1;
	for (let attempt = 0; attempt < attempts; attempt++) {
		try {
			const answer = await request(host, {
				method: 'POST',
				path: `/containers/${segment(id)}/wait`,
				doing: 'wait for the runner',
				signal,
				limitMs: forever,
			});
			exitCode = answers.integer(answers.fields(answer), 'StatusCode');
		} catch (error) {
			// A connection that broke says nothing about the container.
			reason = messageOf(error);
		}
		try {
			const exit = await inspectExit(host, id);
			if (exit) return exit;
		} catch (error) {
			reason = messageOf(error);
		}
		if (signal.aborted || exitCode >= 0) break;
	}
	return { exitCode, outOfMemory: false, error: reason };
}

/** Undefined while it runs. Without a signal: it is asked after an abort too. */
async function inspectExit(host: DockerHost, id: string): Promise<EngineExit | undefined> {
	const container = await request(host, {
		method: 'GET',
		path: `/containers/${segment(id)}/json`,
		doing: 'inspect the runner',
	});
	const state = answers.fields(answers.fields(container)['State'], 'State');
	if (state['Running'] === true) return undefined;
	const error = typeof state['Error'] === 'string' && state['Error'] !== '' ? state['Error'] : null;
	return { exitCode: answers.integer(state, 'ExitCode'), outOfMemory: state['OOMKilled'] === true, error };
}
