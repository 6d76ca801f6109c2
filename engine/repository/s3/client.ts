/**
 * The connection to one S3 location, and the one way to call it: under a deadline, with errors in the words of
 * the storage contract. Never takes keys or settings from the environment; never tries anything twice.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { getCACertificates } from 'node:tls';
import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Clock, RandomSource } from '../../../protocol/environment';
import { describeLocation, type S3Location } from '../../../protocol/location';
import { withDeadline, type Deadline } from './deadline';
import { explain, type Attempt, type Place } from './errors';

/** Milliseconds. */
export interface TimeOuts {
	readonly connect: number;
	/** Without a byte in either direction. */
	readonly idle: number;
	/** For the server to put the parts of an object together. */
	readonly complete: number;
}

export const usualTimeOuts: TimeOuts = { connect: 10_000, idle: 60_000, complete: 300_000 };

export interface S3Access {
	readonly client: S3Client;
	readonly location: S3Location;
	readonly description: string;
	readonly clock: Clock;
	readonly random: RandomSource;
	readonly timeOuts: TimeOuts;
	/** The object's name in the bucket. */
	nameOf(key: string): string;
	/** Runs requests of one attempt; each must use the deadline's signal. */
	call<T>(attempt: Attempt, options: CallOptions, work: (deadline: Deadline) => Promise<T>): Promise<T>;
	explain(error: unknown, attempt: Attempt): Error;
}

export interface CallOptions {
	readonly signal: AbortSignal | undefined;
	readonly idleMs?: number;
}

export interface S3AccessOptions {
	readonly clock: Clock;
	readonly random: RandomSource;
	readonly timeOuts?: TimeOuts;
}

/** More than the parts in flight, so that leases are renewed while parts go up. */
const mostSockets = 32;

export function createAccess(
	location: S3Location,
	{ clock, random, timeOuts = usualTimeOuts }: S3AccessOptions,
): S3Access {
	const client = createClient(location, timeOuts);
	const description = describeLocation(location);
	const place: Place = { description, region: location.region, now: () => clock.now() };
	return {
		client,
		location,
		description,
		clock,
		random,
		timeOuts,
		nameOf: (key) => (location.prefix === '' ? key : `${location.prefix}/${key}`),
		async call(attempt, { signal, idleMs = timeOuts.idle }, work) {
			signal?.throwIfAborted();
			try {
				return await withDeadline({ clock, idleMs, signal }, work);
			} catch (error) {
				signal?.throwIfAborted();
				throw explain(error, attempt, place);
			}
		},
		explain: (error, attempt) => explain(error, attempt, place),
	};
}

function createClient(location: S3Location, timeOuts: TimeOuts): S3Client {
	const agent = { keepAlive: true, maxSockets: mostSockets };
	const ca = location.ca === null ? {} : { ca: [...getCACertificates('default'), location.ca] };
	return new S3Client({
		...(location.endpoint === null ? {} : { endpoint: location.endpoint }),
		region: location.region,
		forcePathStyle: location.pathStyle,
		credentials: {
			accessKeyId: location.accessKeyId,
			secretAccessKey: location.secretAccessKey,
			...(location.sessionToken === null ? {} : { sessionToken: location.sessionToken }),
		},
		maxAttempts: 1,
		retryMode: 'standard',
		// A connection and a round trip of its own for every part.
		expectContinueHeader: false,
		requestChecksumCalculation: 'WHEN_SUPPORTED',
		responseChecksumValidation: 'WHEN_SUPPORTED',
		// Asked of the environment otherwise.
		useDualstackEndpoint: false,
		useFipsEndpoint: false,
		useArnRegion: false,
		disableMultiregionAccessPoints: true,
		disableS3ExpressSessionAuth: true,
		ignoreConfiguredEndpointUrls: true,
		authSchemePreference: ['sigv4'],
		userAgentAppId: 'n8n-nodes-docker-backup',
		defaultsMode: 'standard',
		requestHandler: new NodeHttpHandler({
			httpAgent: new HttpAgent(agent),
			httpsAgent: new HttpsAgent({ ...agent, ...ca }),
			connectionTimeout: timeOuts.connect,
			// Deadlines do the rest: they see a body that stalls, and let a long one pass that moves.
			requestTimeout: 0,
			socketTimeout: 0,
			// No warnings on standard error: it belongs to the engine's events.
			logger: silent,
		}),
		logger: silent,
	});
}

const nothing = () => undefined;
const silent = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
