/** What a path inside a container is, also of a stopped one. Throws what `api.ts` throws. */
import { answers, openStream, segment, type DockerHost } from './api';

export type PathType = 'file' | 'directory' | 'other';

/** As Go writes the type of a file into its mode. */
const goDirectory = 2 ** 31;
const goOthers = 2 ** 27 + 2 ** 26 + 2 ** 25 + 2 ** 24 + 2 ** 21 + 2 ** 19;

/** Links are followed. Null: there is none. */
export async function pathInContainer(
	host: DockerHost,
	container: string,
	path: string,
	signal?: AbortSignal,
): Promise<PathType | null> {
	const answer = await openStream(host, {
		method: 'HEAD',
		path: `/containers/${segment(container)}/archive`,
		query: { path },
		doing: `look at ${path} in a container`,
		signal,
		accept: [404],
	});
	answer.resume();
	if (answer.statusCode === 404) return null;
	return typeOf(String(answer.headers['x-docker-container-path-stat'] ?? ''));
}

/** `stat`: base64 of JSON. */
export function typeOf(stat: string): PathType {
	const mode = answers.integer(answers.fields(answers.json(Buffer.from(stat, 'base64').toString())), 'mode');
	if (Math.floor(mode / goDirectory) % 2 === 1) return 'directory';
	// Above 2^31 bitwise operators would see a sign.
	return (mode % goDirectory & goOthers) === 0 ? 'file' : 'other';
}
