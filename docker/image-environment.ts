/** What an image's own variables say. Throws `image_not_found`, and what `api.ts` throws. */
import { answers, request, segment, type DockerHost } from './api';
import { imageNotFound } from './images';

/** Of an image that the host has. */
export async function imageEnvironment(
	host: DockerHost,
	reference: string,
	signal?: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
	const answer = await request(host, {
		method: 'GET',
		path: `/images/${reference.split('/').map(segment).join('/')}/json`,
		doing: `inspect image ${reference}`,
		signal,
		accept: [404],
	});
	if (answer === null) throw imageNotFound(reference);
	const config = answers.fields(answers.fields(answer)['Config'], 'Config');
	const lines = answers.nullable(config, 'Env', (f, name) => answers.strings(f, name)) ?? [];
	return Object.fromEntries(lines.map((line) => [line.replace(/=.*$/s, ''), line.replace(/^[^=]*=?/s, '')]));
}
