/**
 * What of a container's mounts gets into its archive, and under which names. Volumes always, named after themselves, or
 * after their place when Docker made them without a name; directories and files of the host on request. Never what holds
 * the repository, what the kernel shows as files, sockets, or Docker's own data: each is said. Pure.
 */
import { isAnonymous, type Volume } from '../../docker/volumes';
import type { PathType } from '../../docker/container-paths';
import type { Fields } from '../../protocol/parse';
import { slug } from '../../protocol/names';
import type { RecordWarning } from '../../protocol/record';
import type { RepositoryLocation } from '../settings';
import { holdsRepository } from '../volume-sources';
import type { ArchivedMount } from './document';
import { fieldsIn, listIn, textIn } from './inspected';

/** A mount, and what was found out about it. */
export interface LookedAt {
	readonly mount: Fields;
	/** Of a volume; undefined: it is gone. */
	readonly volume?: Volume & { readonly places: readonly string[] };
	/** Of what is bound; null: it is not there. */
	readonly bound?: PathType | null;
}

export interface PlannedMounts {
	readonly mounts: readonly ArchivedMount[];
	readonly warnings: readonly RecordWarning[];
}

const notData = ['/proc', '/sys', '/dev', '/run', '/var/run', '/var/lib/docker', '/var/lib/containers'];

export function planMounts(
	container: Fields,
	looked: readonly LookedAt[],
	{ bindMounts, repository }: { readonly bindMounts: boolean; readonly repository: RepositoryLocation },
): PlannedMounts {
	const mounts: ArchivedMount[] = [];
	const warnings: RecordWarning[] = [];
	const names = new Map<string, string>();
	const notAsked: string[] = [];
	const leaveOut = (code: string, message: string) => void warnings.push({ code, message, path: null });

	/** One name for what is mounted twice, another for what would have the same. */
	const nameFor = (key: string, wanted: string): string => {
		const known = names.get(key);
		if (known !== undefined) return known;
		const taken = [...names.values()];
		let name = wanted;
		for (let count = 2; taken.includes(name); count += 1) name = `${wanted}-${count}`;
		names.set(key, name);
		return name;
	};

	// The names of volumes come first: they are taken as they are.
	const inOrder = looked.toSorted((a, b) => rank(a) - rank(b));
	for (const { mount, volume, bound } of inOrder) {
		const type = textIn(mount, 'Type');
		const destination = textIn(mount, 'Destination');
		const readOnly = mount['RW'] === false;
		const source = textIn(mount, 'Source');
		if (type === 'volume') {
			const from = textIn(mount, 'Name');
			const anonymous = volume ? isAnonymous(volume) : false;
			const isRepository = holdsRepository({ volume: from, places: volume?.places ?? [] }, repository);
			const isArchived = volume !== undefined && !isRepository;
			if (!volume) leaveOut('volume_missing', `volume "${from}" at ${destination} is gone`);
			if (isRepository)
				leaveOut('mount_left_out', `volume "${from}" at ${destination} holds the repository itself`);
			const name = isArchived ? nameFor(from, anonymous ? slug(destination) : from) : null;
			mounts.push({ destination, type: 'volume', name, from, anonymous, readOnly });
			continue;
		}
		if (type !== 'bind') {
			leaveOut('mount_left_out', `${destination} is a ${type} mount: what is in it is not archived`);
			continue;
		}
		const path = source.replace(/(?<=.)\/+$/, '');
		const kept = { destination, from: path, anonymous: false, readOnly } as const;
		const kind = bound === 'directory' ? 'directory' : 'file';
		const why = reasonAgainst(path, bound ?? null, repository);
		if (bindMounts && why === null) {
			mounts.push({ ...kept, type: kind, name: nameFor(`/${path}`, slug(path)) });
			continue;
		}
		mounts.push({ ...kept, type: kind, name: null });
		if (why === null) notAsked.push(path);
		else if (bindMounts) leaveOut('mount_left_out', `${path} of the host, at ${destination}, ${why}`);
	}
	for (const path of Object.keys(fieldsIn(fieldsIn(container, 'HostConfig'), 'Tmpfs')))
		leaveOut('mount_left_out', `${path} is a tmpfs mount: what is in it is not archived`);
	if (notAsked.length > 0)
		leaveOut('bind_mounts_left_out', `bind mounts were not asked for: ${notAsked.join(', ')}`);
	return { mounts: mounts.toSorted((a, b) => (a.destination < b.destination ? -1 : 1)), warnings };
}

function rank({ mount, volume }: LookedAt): number {
	if (textIn(mount, 'Type') !== 'volume') return 2;
	return volume && isAnonymous(volume) ? 1 : 0;
}

/** Null: it can be archived. */
function reasonAgainst(path: string, bound: PathType | null, repository: RepositoryLocation): string | null {
	if (path === '/') return "is the host's root";
	const within = notData.find((place) => path === place || path.startsWith(`${place}/`));
	if (bound === 'other') return 'is a socket or a device';
	if (within !== undefined) return `belongs to the system (${within})`;
	if (bound === null) return 'is not there';
	if (holdsRepository({ volume: null, places: [path] }, repository)) return 'holds the repository itself';
	return null;
}

export const mountsOf = (container: Fields): Fields[] => listIn(container, 'Mounts');
