/** Where a snapshot came from, as its record says, where the request does not say otherwise. Throws `invalid_parameter`. */
import { BackupError } from '../../protocol/errors';
import type { BackupRecord } from '../../protocol/record';
import type { FilePlace } from './requests';

export interface Origin {
	readonly place: FilePlace;
	readonly path: string;
}

export function originOf(
	record: Pick<BackupRecord, 'id' | 'series' | 'sources'>,
	wanted: { readonly place: FilePlace | null; readonly path: string | null },
): Origin {
	if (wanted.place !== null && wanted.path !== null) return { place: wanted.place, path: wanted.path };
	const recorded = recordedOrigin(record);
	const place = wanted.place ?? recorded?.place;
	const path = wanted.path ?? recorded?.path;
	if (place !== undefined && path !== undefined) return { place, path };
	throw new BackupError('invalid_parameter', `the record ${record.id} does not say where it was taken from`, {
		hint: 'Name the volume or directory, and the path in it.',
	});
}

/** `<place>/<path>` is its source, `<place>:<path>` its series: they differ where one ends and the other begins. */
function recordedOrigin({
	series,
	sources: [source],
}: Pick<BackupRecord, 'series' | 'sources'>): Origin | undefined {
	if (source?.type !== 'file') return undefined;
	const { name } = source;
	let cut = 0;
	while (cut < series.length && series[cut] === name[cut]) cut++;
	const [place, path] = [series.slice(0, cut), series.slice(cut + 1)];
	if (series[cut] !== ':' || name !== `${place}/${path}` || place === '') return undefined;
	return { place: { type: place.startsWith('/') ? 'directory' : 'volume', name: place }, path };
}
