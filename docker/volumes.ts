/**
 * Volumes of a Docker host. Throws `volume_not_found`, `target_exists`, `invalid_parameter` (a name that
 * Docker refuses) and whatever `api.ts` throws.
 */
import { BackupError } from '../protocol/errors';
import type { Fields } from '../protocol/parse';
import { answers, exchange, request, segment, type DockerHost } from './api';
import { DaemonError } from './failures';
import { labels as ourLabels } from './labels';

export interface Volume {
	readonly name: string;
	readonly driver: string;
	/** Path on the Docker host; empty for drivers that have none. */
	readonly mountpoint: string;
	readonly labels: Readonly<Record<string, string>>;
	/** ISO 8601; null for drivers that do not know. */
	readonly createdAt: string | null;
	readonly scope: string;
	readonly options: Readonly<Record<string, string>>;
}

export interface VolumeUser {
	readonly id: string;
	readonly name: string;
	/** `running`, `exited`, `created`, `paused`, … */
	readonly state: string;
	readonly readOnly: boolean;
}

export interface ListedVolume extends Volume {
	readonly usedBy: readonly VolumeUser[];
}

/** Made by Docker for a container that named none: its name says nothing, and its content is seldom meant to last. */
export const isAnonymous = ({ name, labels }: Pick<Volume, 'name' | 'labels'>): boolean =>
	Object.hasOwn(labels, 'com.docker.volume.anonymous') || /^[0-9a-f]{64}$/.test(name);

/** Whether a runner of ours has made it for its work. */
export const isOurs = ({ labels }: Pick<Volume, 'labels'>): boolean => Object.hasOwn(labels, ourLabels.role);

/** Paths of the host where its content is: its mount point, and what the local driver binds there. */
export function placesOf({
	driver,
	mountpoint,
	options,
}: Pick<Volume, 'driver' | 'mountpoint' | 'options'>): string[] {
	const { device = '', o = '' } = options;
	const isBound = driver === 'local' && device.startsWith('/') && /(^|,)r?bind(,|$)/.test(o);
	return [mountpoint, isBound ? device : ''].filter((place) => place !== '');
}

/** All volumes by name, with the containers (running or not) that mount them. `filter`: part of the name. */
export async function listVolumes(
	host: DockerHost,
	{ filter = '' }: { filter?: string } = {},
	signal?: AbortSignal,
): Promise<ListedVolume[]> {
	const [listed, users] = await Promise.all([
		request(host, { method: 'GET', path: '/volumes', doing: 'list volumes', signal }),
		mounts(host, {}, signal),
	]);
	const fields = answers.fields(listed);
	// A daemon without volumes says null.
	const volumes = answers.nullable(fields, 'Volumes', (f, name) => answers.array(f, name, parseVolume)) ?? [];
	const wanted = filter.toLowerCase();
	return volumes
		.filter(({ name }) => name.toLowerCase().includes(wanted))
		.sort((a, b) => (a.name < b.name ? -1 : 1))
		.map((volume) => ({ ...volume, usedBy: usersOf(users, volume.name) }));
}

export async function inspectVolume(host: DockerHost, name: string, signal?: AbortSignal): Promise<Volume> {
	const volume = await findVolume(host, name, signal);
	if (volume) return volume;
	throw volumeNotFound(name);
}

/** Undefined when there is none of this name. */
export async function findVolume(
	host: DockerHost,
	name: string,
	signal?: AbortSignal,
): Promise<Volume | undefined> {
	const answer = await request(host, {
		method: 'GET',
		path: `/volumes/${segment(name)}`,
		doing: `inspect volume "${name}"`,
		signal,
		accept: [404],
	});
	return answer === null ? undefined : parseVolume(answer);
}

export function volumeNotFound(name: string): BackupError {
	return new BackupError('volume_not_found', `volume "${name}" does not exist on the docker host`, {
		hint: 'Check the name; Compose puts the name of the project before it (docker volume ls shows all).',
	});
}

export interface NewVolume {
	readonly name: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly driver?: string;
	readonly options?: Readonly<Record<string, string>>;
}

/**
 * Throws `target_exists` when there is one of this name: Docker itself would hand that one out. Of two who
 * create the same name at once, their labels tell whose it became: give one that is yours alone.
 */
export async function createVolume(
	host: DockerHost,
	wanted: NewVolume,
	signal?: AbortSignal,
): Promise<Volume> {
	const { name, labels, driver = 'local', options = {} } = wanted;
	if (await findVolume(host, name, signal)) throw exists(name);
	const volume = parseVolume(
		await request(host, {
			method: 'POST',
			path: '/volumes/create',
			body: { Name: name, Driver: driver, DriverOpts: options, Labels: labels },
			doing: `create volume "${name}"`,
			signal,
			map: (error) => {
				if (!(error instanceof DaemonError)) return undefined;
				if (error.status === 409) return exists(name);
				if (error.status !== 400) return undefined;
				return new BackupError('invalid_parameter', error.message, { cause: error });
			},
		}),
	);
	// Somebody else made it since we looked: its labels are not ours.
	if (Object.entries(labels).some(([key, value]) => volume.labels[key] !== value)) throw exists(name);
	return volume;
}

function exists(name: string): BackupError {
	return new BackupError('target_exists', `volume "${name}" exists already`, {
		hint: 'Choose a name that is free, or remove that volume first.',
	});
}

/** Throws `volume_not_found`, and `docker_failed` when a container (also a stopped one) uses it. */
export async function removeVolume(host: DockerHost, name: string, signal?: AbortSignal): Promise<void> {
	const { status } = await exchange(host, {
		method: 'DELETE',
		path: `/volumes/${segment(name)}`,
		doing: `remove volume "${name}"`,
		signal,
		accept: [404],
	});
	if (status === 404) throw volumeNotFound(name);
}

/** Containers that mount the volume, running or not. */
export async function containersUsingVolume(
	host: DockerHost,
	name: string,
	signal?: AbortSignal,
): Promise<VolumeUser[]> {
	return usersOf(await mounts(host, { volume: [name] }, signal), name);
}

/** Containers that mount a path of the host or one above it, as a directory or as a volume, running or not. */
export async function containersUsingPath(
	host: DockerHost,
	path: string,
	signal?: AbortSignal,
): Promise<VolumeUser[]> {
	const covers = (from: string) => from !== '' && `${path}/`.startsWith(`${from.replace(/\/+$/, '')}/`);
	const mounted = await mounts(host, {}, signal);
	return mounted.filter(({ from }) => covers(from)).map(({ volume: _, from: _from, ...user }) => user);
}

interface Mounted extends VolumeUser {
	/** Null: a directory of the host. */
	readonly volume: string | null;
	/** On the host; '' where there is none. */
	readonly from: string;
}

function usersOf(mounted: readonly Mounted[], volume: string): VolumeUser[] {
	return mounted
		.filter((mount) => mount.volume === volume)
		.map(({ volume: _, from: _from, ...user }) => user);
}

async function mounts(host: DockerHost, filters: object, signal?: AbortSignal): Promise<Mounted[]> {
	const containers = await request(host, {
		method: 'GET',
		path: '/containers/json',
		query: { all: true, filters },
		doing: 'list containers',
		signal,
	});
	return answers
		.array({ containers }, 'containers', (value) => {
			const container = answers.fields(value, 'container');
			const id = answers.string(container, 'Id');
			const name = answers.strings(container, 'Names')[0]?.replace(/^\//, '') ?? id.slice(0, 12);
			const state = answers.string(container, 'State');
			const mounted =
				answers.nullable(container, 'Mounts', (f, key) => answers.array(f, key, (m) => answers.fields(m))) ??
				[];
			return mounted.map((mount) => ({
				volume: mount['Type'] === 'volume' ? String(mount['Name']) : null,
				from: typeof mount['Source'] === 'string' ? mount['Source'] : '',
				id,
				name,
				state,
				readOnly: mount['RW'] === false,
			}));
		})
		.flat();
}

function parseVolume(value: unknown): Volume {
	const fields = answers.fields(value, 'volume');
	const createdAt = fields['CreatedAt'];
	return {
		name: answers.string(fields, 'Name'),
		driver: answers.string(fields, 'Driver'),
		mountpoint: typeof fields['Mountpoint'] === 'string' ? fields['Mountpoint'] : '',
		labels: texts(fields, 'Labels'),
		createdAt: typeof createdAt === 'string' && createdAt !== '' ? createdAt : null,
		scope: answers.string(fields, 'Scope'),
		options: texts(fields, 'Options'),
	};
}

function texts(fields: Fields, name: string): Record<string, string> {
	const pairs = answers.nullable(fields, name, (f, key) => answers.fields(f[key], key)) ?? {};
	return Object.fromEntries(Object.entries(pairs).map(([key, value]) => [key, String(value)]));
}
