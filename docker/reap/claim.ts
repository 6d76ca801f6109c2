/**
 * Claims: of several who want to clear up the same container only one does. A claim may have been left behind by
 * somebody who died; whoever meets one finishes the work, so the work must bear being done twice.
 */
import { exchange, segment, type DockerHost } from '../api';

const claimed = 'docker-backup-reaped-';

/** False when another one was first, or the container is gone. `what`: of the error, e.g. `the orphaned runner x`. */
export async function claim(
	host: DockerHost,
	{ id, name }: { readonly id: string; readonly name: string },
	what: string,
	signal?: AbortSignal,
): Promise<boolean> {
	if (name.startsWith(claimed)) return true;
	const { status } = await exchange(host, {
		method: 'POST',
		path: `/containers/${segment(id)}/rename`,
		query: { name: `${claimed}${id.slice(0, 12)}` },
		doing: `claim ${what}`,
		signal,
		// Docker refuses the name that the container has already: the other one gave it.
		accept: [400, 404, 409],
	});
	return status === 204;
}
