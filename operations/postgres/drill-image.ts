/** The image that a drill's server comes from: there or pulled, and not older than the dump, before anything starts. */
import type { DockerHost } from '../../docker/api';
import { imageEnvironment } from '../../docker/image-environment';
import { ensureImage } from '../../docker/images';
import type { PostgresDescription } from '../../protocol/description';
import { BackupError } from '../../protocol/errors';
import type { OperationContext } from '../settings';

/** `wanted`: null for the one that was dumped. Throws `image_not_found`, `database_version_mismatch`. */
export async function findDrillImage(
	host: DockerHost,
	wanted: string | null,
	description: PostgresDescription,
	{ signal, onEvent }: Pick<OperationContext, 'signal' | 'onEvent'>,
): Promise<string> {
	const image = wanted ?? description.image;
	if (image === null) {
		throw new BackupError('invalid_parameter', 'the dump does not tell which image its server came from', {
			hint: `Name the image to drill it with, such as postgres:${neededMajor(description)}.`,
		});
	}
	const onProgress = (message: string, percent?: number) =>
		onEvent({ event: 'pull', message, percent: percent ?? null });
	try {
		await ensureImage(host, image, { onProgress, signal });
	} catch (error) {
		throw explained(image, description, error);
	}
	const major = Number((await imageEnvironment(host, image, signal))['PG_MAJOR']);
	if (Number.isInteger(major)) requireMajor(image, major, neededMajor(description));
	return image;
}

function explained(image: string, description: PostgresDescription, error: unknown): unknown {
	const missing = error instanceof BackupError && /^image_(?:not_found|pull_failed)$/.test(error.code);
	if (!missing) return error;
	return new BackupError('image_not_found', error.message, {
		hint: `Pull it on the Docker host (docker pull ${image}), or name another image to drill with, such as postgres:${neededMajor(description)}.`,
		cause: error,
	});
}

/** What a dump holds is for servers as new as its server and its pg_dump. */
export function neededMajor({ serverMajor, dumpVersion }: PostgresDescription): number {
	return Math.max(serverMajor, Number(/\d+/.exec(dumpVersion)?.[0] ?? 0));
}

export function requireMajor(image: string, actual: number, needed: number): void {
	if (actual >= needed) return;
	throw new BackupError(
		'database_version_mismatch',
		`image ${image} holds postgres ${actual}, and the dump was made by ${needed}`,
		{ hint: `Drill it with postgres:${needed} or newer.` },
	);
}
