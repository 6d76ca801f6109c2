/** Containers, volumes and images of a Docker host as tables. */
import type { ContainerResource, ImageResource, VolumeResource } from '../../operations/index';
import { size, time } from './figures';
import { table, type Column } from './layout';

const none = '-';
const names = (all: readonly string[]): string => (all.length === 0 ? none : all.join(', '));

/** Names that Docker makes up are ids. */
const short = (name: string): string => (/^[0-9a-f]{64}$/.test(name) ? name.slice(0, 12) : name);

function left<T>(title: string, cell: (row: T) => string): Column<T> {
	return { title, align: 'left', cell };
}

const containerColumns: readonly Column<ContainerResource>[] = [
	left('name', ({ name }) => name),
	left('state', ({ state, health }) => (health === null ? state : `${state}, ${health}`)),
	left('image', ({ image }) => image),
	left('project', ({ project, service }) => (project === null ? none : `${project}/${service ?? none}`)),
	left('volumes', ({ mounts }) =>
		names(mounts.filter(({ type }) => type === 'volume').map(({ source }) => short(source))),
	),
];

const imageColumns: readonly Column<ImageResource>[] = [
	left('tags', ({ tags }) => names(tags)),
	left('id', ({ id }) => id.replace(/^sha256:/, '').slice(0, 12)),
	{ title: 'size', align: 'right', cell: ({ sizeBytes }) => size(sizeBytes) },
	left('created', ({ createdAt }) => time(createdAt)),
	left('used by', ({ usedBy }) => names(usedBy)),
];

function volumeColumns(volumes: readonly VolumeResource[]): readonly Column<VolumeResource>[] {
	const columns: readonly (Column<VolumeResource> & { readonly idle?: boolean })[] = [
		left('name', ({ name }) => name),
		left('driver', ({ driver }) => driver),
		{
			title: 'size',
			align: 'right',
			cell: ({ sizeBytes }) => (sizeBytes === null ? none : size(sizeBytes)),
			idle: volumes.every(({ sizeBytes }) => sizeBytes === null),
		},
		left('project', ({ project }) => project ?? none),
		left('used by', ({ usedBy }) => names([...new Set(usedBy.map(({ container }) => container))])),
		{
			...left<VolumeResource>('last backup', ({ lastProtected }) =>
				lastProtected ? `${time(lastProtected.at)} by ${lastProtected.job}` : 'never',
			),
			idle: volumes.every(({ lastProtected }) => lastProtected === undefined),
		},
	];
	return columns.filter(({ idle = false }) => !idle);
}

export const containersTable = (rows: readonly ContainerResource[]): string =>
	rows.length === 0 ? 'no containers\n' : table(containerColumns, rows);

export const imagesTable = (rows: readonly ImageResource[]): string =>
	rows.length === 0 ? 'no images\n' : table(imageColumns, rows);

export const volumesTable = (rows: readonly VolumeResource[], nothing = 'no volumes'): string =>
	rows.length === 0 ? `${nothing}\n` : table(volumeColumns(rows), rows);
