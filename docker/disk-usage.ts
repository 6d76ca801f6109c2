/** What volumes occupy. The daemon walks through all of them to tell, which can take minutes. */
import { answers, request, type DockerHost } from './api';

/** Bytes by the volume's name; null where the driver can't say. Throws what `api.ts` throws. */
export async function volumeSizes(
	host: DockerHost,
	{ signal, limitMs = 600_000 }: { readonly signal?: AbortSignal; readonly limitMs?: number } = {},
): Promise<ReadonlyMap<string, number | null>> {
	const usage = answers.fields(
		await request(host, {
			method: 'GET',
			path: '/system/df',
			// Both mean nothing to older engines, which tell of everything.
			query: { type: 'volume', verbose: true },
			doing: 'measure volumes',
			signal,
			limitMs,
		}),
	);
	// Since API 1.52 the list is below `VolumeUsage`.
	const newer = answers.nullable(usage, 'VolumeUsage', (f, name) => answers.fields(f[name], name));
	const listed = newer ? newer['Items'] : usage['Volumes'];
	const volumes = answers.array({ volumes: listed ?? [] }, 'volumes', (value) =>
		answers.fields(value, 'volume'),
	);
	return new Map(
		volumes.map((volume) => {
			const data = answers.nullable(volume, 'UsageData', (f, name) => answers.fields(f[name], name));
			const size = data?.['Size'];
			return [answers.string(volume, 'Name'), typeof size === 'number' && size >= 0 ? size : null] as const;
		}),
	);
}
