/** Containers of this file's tests, removed in their end, and what the commands of these tests answer. */
import type { BackupRecord, ContainerResource, VolumeResource } from '../../../operations';
import { docker, json, unique } from '../cli/lab';

export const image = 'node:24-bookworm-slim';

/** Call it at the top. */
export function containers() {
	const made: string[] = [];
	afterAll(async () => {
		// With the anonymous volumes that they made.
		if (made.length > 0) await docker('rm', '-f', '-v', ...made);
	});
	return {
		/** A container that sleeps; `settings` of `docker run`. Its name. */
		async run(...settings: string[]): Promise<string> {
			const name = unique('app');
			made.push(name);
			await docker(
				'run',
				'-d',
				'--name',
				name,
				'--network',
				'none',
				'--init',
				...settings,
				image,
				'sleep',
				'86400',
			);
			return name;
		},
	};
}

/** A label that only this test's things have, as a flag of docker's and of ours. */
export function mark(): string {
	return `${unique('mark')}=yes`;
}

export const labelled = (...labels: string[]): string[] => labels.flatMap((label) => ['--label', label]);

export async function backUp(line: readonly string[], code = 0): Promise<BackupRecord[]> {
	const { records } = await json<{ records: BackupRecord[] }>(['backup', 'volume', ...line], code);
	return records;
}

export const volumesOf = async (...line: string[]): Promise<VolumeResource[]> =>
	(await json<{ volumes: VolumeResource[] }>(['resources', ...line])).volumes;

export const containersOf = async (...line: string[]): Promise<ContainerResource[]> =>
	(await json<{ containers: ContainerResource[] }>(['resources', 'containers', ...line])).containers;

/** Names of a record's sources. */
export const sourcesOf = ({ sources }: BackupRecord): string[] => sources.map(({ name }) => name).toSorted();
