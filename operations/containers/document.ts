/**
 * `containers/<name>/inspect.json` of an archive, version 1: the container as the daemon tells it, and what its
 * inspection does not say of the things it needs: its image, its networks, and where its mounts are in the archive.
 * People read it, too, with nothing but tar. Throws `archive_malformed`, `archive_version_unsupported`.
 */
import { BackupError } from '../../protocol/errors';
import { Reader, type Fields } from '../../protocol/parse';

export interface ContainerDocument {
	readonly version: 1;
	/** ISO 8601. */
	readonly takenAt: string;
	readonly docker: { readonly host: string; readonly version: string };
	/** As the daemon tells it; what is masked holds a marker. */
	readonly container: Fields;
	/** Names of what was masked. */
	readonly masked: {
		readonly environment: readonly string[];
		readonly labels: readonly string[];
		readonly logOptions: readonly string[];
	};
	readonly image: ArchivedImage;
	/** Those it is in, as the daemon tells them, without their containers. */
	readonly networks: readonly Fields[];
	readonly mounts: readonly ArchivedMount[];
	/** Names of containers whose network, processes or memory it shares, by the ids that its inspection has. */
	readonly containers: Readonly<Record<string, string>>;
}

export interface ArchivedImage {
	/** As the container names it. */
	readonly reference: string;
	/** `sha256:…` */
	readonly id: string;
	/** `name@sha256:…` in registries; empty where it came from none, or was gone. */
	readonly digests: readonly string[];
}

export interface ArchivedMount {
	/** Path in the container. */
	readonly destination: string;
	readonly type: 'volume' | 'directory' | 'file';
	/** Below `volumes/` in the archive (a file: in a directory of this name); null: it is not in the archive. */
	readonly name: string | null;
	/** The volume's name, or the path on the host. */
	readonly from: string;
	/** Made by Docker for this container, under a name that says nothing. */
	readonly anonymous: boolean;
	readonly readOnly: boolean;
}

export const documentPath = (name: string): string => `containers/${name}/inspect.json`;

export const formatDocument = (document: ContainerDocument): string =>
	`${JSON.stringify(document, null, '\t')}\n`;

const reader = new Reader('archive_malformed', 'inspect.json');

export function parseDocument(text: string): ContainerDocument {
	const f = reader.fields(reader.json(text));
	if (f['version'] !== 1) {
		throw new BackupError(
			'archive_version_unsupported',
			`inspect.json of version ${String(f['version'])} can't be read`,
			{ hint: 'It was made by a newer version of this program: update it.' },
		);
	}
	const docker = reader.fields(f['docker'], 'docker');
	const masked = reader.fields(f['masked'], 'masked');
	const image = reader.fields(f['image'], 'image');
	return {
		version: 1,
		takenAt: reader.string(f, 'takenAt'),
		docker: { host: reader.string(docker, 'host'), version: reader.string(docker, 'version') },
		container: reader.fields(f['container'], 'container'),
		masked: {
			environment: reader.strings(masked, 'environment'),
			labels: reader.strings(masked, 'labels'),
			logOptions: reader.strings(masked, 'logOptions'),
		},
		image: {
			reference: reader.string(image, 'reference'),
			id: reader.string(image, 'id'),
			digests: reader.strings(image, 'digests'),
		},
		networks: reader.array(f, 'networks', (value) => reader.fields(value, 'networks')),
		mounts: reader.array(f, 'mounts', parseMount),
		containers: Object.fromEntries(
			Object.entries(reader.fields(f['containers'], 'containers')).map(([id, name]) => [id, String(name)]),
		),
	};
}

function parseMount(value: unknown): ArchivedMount {
	const f = reader.fields(value, 'mounts');
	return {
		destination: reader.string(f, 'destination', /^\//),
		type: reader.oneOf(f, 'type', ['volume', 'directory', 'file']),
		name: reader.nullable(f, 'name', (x, n) => reader.string(x, n, /^[A-Za-z0-9][A-Za-z0-9_.-]*$/)),
		from: reader.string(f, 'from'),
		anonymous: reader.boolean(f, 'anonymous'),
		readOnly: reader.boolean(f, 'readOnly'),
	};
}
