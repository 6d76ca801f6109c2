/**
 * Requests to a Docker Engine. Every request ends: within its limit, or as soon as its signal aborts
 * (rejecting with the signal's reason); else it fails as `failures.ts` says. Answers are `unknown`:
 * whoever asked parses them. Redirects are not followed.
 *
 * They go through dockerode's transport (`modem`), not its methods: those drop the signal in many calls, and
 * send a body with `attach` that can end up in the container's stdin.
 */
import type { IncomingMessage } from 'node:http';
import { addAbortSignal, type Duplex, type Readable } from 'node:stream';
import type Modem from 'docker-modem';
import { BackupError } from '../protocol/errors';
import { Reader } from '../protocol/parse';
import type { DockerEndpoint } from './endpoint';
import { daemonError, dockerFailure, unreachable } from './failures';
import type { SocketSettings } from './ssh-socket';

/** A bare connection to a daemon: a TCP or local socket, or a channel of an SSH connection. */
export type Connection = Duplex & SocketSettings;

export interface DockerHost {
	readonly endpoint: DockerEndpoint;
	/** Limit of a request in milliseconds, unless it brings its own. */
	readonly limitMs: number;
	readonly modem: Modem;
	/** Closes idle connections, which else close after some seconds; what is under way ends as it would. */
	close(): void;
}

export interface DockerRequest {
	readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
	/** Without query; names and ids in it by way of `segment`. */
	readonly path: string;
	/** Objects travel as JSON, lists as several values of one name. */
	readonly query?: Readonly<Record<string, string | number | boolean | object>>;
	readonly body?: object;
	/** A body of any length, instead; when it fails, the request is broken off in its middle. */
	readonly upload?: Readable;
	/** Completes "could not …" in the error. */
	readonly doing: string;
	readonly signal?: AbortSignal;
	readonly limitMs?: number;
	/** Statuses that are no failure here, though no success either. */
	readonly accept?: readonly number[];
	/** What an error means in this place; undefined leaves it to `dockerFailure`. */
	readonly map?: (error: unknown) => BackupError | undefined;
}

/** A name or id as one segment of a path; throws `invalid_parameter` for what would be another path. */
export function segment(name: string): string {
	if (/^\.{0,2}$|[/\\\0]/.test(name)) {
		throw new BackupError('invalid_parameter', `${JSON.stringify(name)} is not a name that docker knows`);
	}
	return encodeURIComponent(name);
}

export interface DockerAnswer {
	readonly status: number;
	/** Parsed from JSON; null when it is empty, or the status is one that was merely accepted. */
	readonly body: unknown;
}

export function exchange(host: DockerHost, asked: DockerRequest): Promise<DockerAnswer> {
	return within(host, asked, async (signal) => {
		const answer = (await dial(host, asked, signal)) as IncomingMessage;
		const text = await textOf(answer);
		// An answer that an abort cut short can look like a short one.
		signal.throwIfAborted();
		const status = answer.statusCode ?? 0;
		const empty = text.trim() === '' || asked.accept?.includes(status);
		return { status, body: empty ? null : answers.json(text) };
	});
}

/** The body of the answer. */
export async function request(host: DockerHost, asked: DockerRequest): Promise<unknown> {
	return (await exchange(host, asked)).body;
}

/** The answer as a stream: the limit holds until its head is there, the signal until its end. */
export async function openStream(host: DockerHost, asked: DockerRequest): Promise<IncomingMessage> {
	const answer = (await within(host, asked, (signal) => dial(host, asked, signal))) as IncomingMessage;
	return asked.signal ? addAbortSignal(asked.signal, answer) : answer;
}

/** The bare connection that a request was upgraded to; neither limit nor signal touch it any more. */
export function hijack(host: DockerHost, asked: DockerRequest): Promise<Connection> {
	return within(host, asked, async (signal) => {
		const answer = await dial(host, asked, signal, true);
		if (isSocket(answer)) return answer;
		answer.destroy();
		throw unreachable(
			host.endpoint,
			'does not hand over the connection: a proxy between does not allow upgrades',
		);
	});
}

async function within<T>(
	host: DockerHost,
	{ doing, signal, limitMs = host.limitMs, map }: DockerRequest,
	ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
	signal?.throwIfAborted();
	// A controller of its own, let go afterwards: what was asked for may live longer than both.
	const asking = new AbortController();
	const { promise: aborted, reject } = Promise.withResolvers<never>();
	const abort = () => {
		asking.abort();
		reject(asking.signal.reason as Error);
	};
	const timer = setTimeout(abort, limitMs);
	signal?.addEventListener('abort', abort);
	try {
		return await Promise.race([ask(asking.signal), aborted]);
	} catch (error) {
		signal?.throwIfAborted();
		if (asking.signal.aborted)
			throw unreachable(host.endpoint, `did not answer within ${limitMs / 1000} s`, error);
		throw map?.(error) ?? dockerFailure(host.endpoint, doing, error);
	} finally {
		clearTimeout(timer);
		signal?.removeEventListener('abort', abort);
	}
}

/** Always as a stream: the transport itself never notices an answer that breaks off in its middle. */
function dial(
	{ modem }: DockerHost,
	{ method, path, query = {}, body, upload, accept = [] }: DockerRequest,
	signal: AbortSignal,
	upgrade = false,
): Promise<IncomingMessage | Connection> {
	const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage | Connection>();
	modem.dial(
		{
			method,
			path: `${path}?`,
			options: { _query: query, _body: body ?? {} },
			...(upgrade && { hijack: true }),
			...(upload && { file: upload }),
			// No body at all: what follows the head of such a request can end up in the container's stdin.
			...(upgrade && !body && { file: Buffer.alloc(0) }),
			isStream: true,
			statusCodes: Object.fromEntries([200, 201, 204, ...accept].map((status) => [status, true])),
			abortSignal: signal,
		},
		(error, answer) => {
			if (error) return reject(daemonError(error) ?? error);
			const given = answer as IncomingMessage | Connection;
			// Before anybody else can listen for it, an error must not bring the process down.
			if (isSocket(given)) given.on('error', reject);
			resolve(given);
		},
	);
	return promise;
}

const isSocket = (answer: IncomingMessage | Connection): answer is Connection => !('statusCode' in answer);

async function textOf(answer: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
	return Buffer.concat(chunks).toString();
}

/** Parses what the daemon says; throws `docker_failed`. */
export const answers = new Reader('docker_failed', 'answer of the docker daemon');
