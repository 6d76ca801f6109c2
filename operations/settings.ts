/**
 * What every operation is told: on which host, in which repository, by whom. Plain data, made from
 * credentials (nodes) or flags (CLI); nothing here knows either.
 */
import type { DockerEndpoint } from '../docker/client';
import type { Secret } from '../engine/index';
import type { Clock, RandomSource } from '../protocol/environment';
import type { EngineEvent } from '../protocol/events';
import type { S3Location } from '../protocol/location';
import type { BackupRecord } from '../protocol/record';

export interface HostSettings {
	readonly endpoint: DockerEndpoint;
	readonly runner: RunnerSettings;
}

export interface RunnerSettings {
	/** Must hold Node.js 22.15 or newer and GNU tar. */
	readonly image: string;
	readonly memoryBytes: number;
	/** Docker's relative CPU weight; 1024 is neutral. */
	readonly cpuShares: number;
	readonly pidsLimit: number;
	/** Docker network of runners that must reach an S3 store; the others have none. */
	readonly network: string;
	/** Path of the Docker socket on the Docker host, for guards; default: that of the endpoint, else the usual one. */
	readonly guardSocket?: string;
}

export const defaultRunner: RunnerSettings = {
	image: 'node:24-bookworm-slim',
	memoryBytes: 512 << 20,
	cpuShares: 512,
	pidsLimit: 128,
	network: 'bridge',
};

export const defaultSocket = '/var/run/docker.sock';

/** Where the engine runs: in a runner on a Docker host, or in a worker thread of this process. */
export type Where = { readonly type: 'runner'; readonly host: HostSettings } | { readonly type: 'process' };

export type RepositoryLocation =
	/** An absolute path: on the Docker host with a runner, else on this machine. */
	| { readonly type: 'directory'; readonly path: string }
	| { readonly type: 'volume'; readonly name: string }
	| S3Location;

export interface RepositorySettings {
	readonly location: RepositoryLocation;
	/** Null: no encryption and no signatures; reading what needs no key still works. */
	readonly secret: Secret | null;
	/** Former keys, for reading. */
	readonly previousSecrets: readonly Secret[];
	/** Whether an empty location may become a repository. */
	readonly mayCreate: boolean;
	/** When set, a repository with another id is refused. */
	readonly id: string | null;
}

export interface OperationContext {
	readonly clock: Clock;
	readonly random: RandomSource;
	readonly signal: AbortSignal;
	readonly workflow: BackupRecord['workflow'];
	/** Told every event of the engine, and of the image pull. */
	onEvent(event: OperationEvent): void;
}

export type OperationEvent =
	| EngineEvent
	| { readonly event: 'pull'; readonly message: string; readonly percent: number | null };
