/**
 * Which live volume or directory each volume of an archive is compared with: by its name, or as `NAME=OTHER` says; an
 * archive of one volume with whatever is named. Pure. Throws `invalid_parameter`.
 */
import { BackupError } from '../protocol/errors';
import { slug } from '../protocol/names';
import type { BackupRecord } from '../protocol/record';
import { chooseSources } from './restore-volumes';

export interface LiveSources {
	/** Names of Docker volumes, each perhaps after `NAME=`. With no directories either: all, by their own names. */
	readonly volumes: readonly string[];
	/** Absolute paths on the Docker host, each perhaps after `NAME=`. */
	readonly directories: readonly string[];
}

export interface LivePair {
	/** In the archive. */
	readonly source: string;
	readonly type: 'volume' | 'directory';
	/** The volume's name, or the directory's path. */
	readonly from: string;
}

export function livePairs(record: BackupRecord, { volumes, directories }: LiveSources): LivePair[] {
	const named = chooseSources(record, []);
	const pairs = [
		...volumes.map((text) => pairOf(named, text, 'volume', text)),
		...directories.map((text) => pairOf(named, text, 'directory', slug(text))),
	];
	if (pairs.length === 0) return ownVolumes(record);
	const sources = chooseSources(
		record,
		pairs.map(({ source }) => source),
	);
	const twice = sources.find((source, position) => sources.indexOf(source) !== position);
	if (twice === undefined) return pairs;
	throw new BackupError('invalid_parameter', `"${twice}" of the archive would be compared twice`, {
		hint: 'Name one volume or directory for each volume of the archive.',
	});
}

function pairOf(named: readonly string[], text: string, type: LivePair['type'], ownName: string): LivePair {
	const [, source, from] = /^([A-Za-z0-9][A-Za-z0-9_.-]*)=(.+)$/s.exec(text) ?? [];
	if (source !== undefined && from !== undefined) return { source, type, from };
	const [only] = named;
	if (named.includes(ownName)) return { source: ownName, type, from: text };
	if (only !== undefined && named.length === 1) return { source: only, type, from: text };
	throw new BackupError('invalid_parameter', `the archive holds no volume "${ownName}"`, {
		hint: `Say which of its volumes is meant, as NAME=${text}. It holds: ${named.join(', ')}.`,
	});
}

function ownVolumes({ id, sources }: BackupRecord): LivePair[] {
	const placed = sources.filter(({ type }) => type !== 'container');
	return placed.map(({ type, name }) => {
		if (type === 'volume') return { source: name, type, from: name };
		throw new BackupError('invalid_parameter', `${id} holds the ${type} "${name}", which is no volume`, {
			hint: 'Name the directory that it is to be compared with.',
		});
	});
}
