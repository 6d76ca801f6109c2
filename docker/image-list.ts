/** The images of a Docker host that have a name, or that something is made of; by name. Throws what `api.ts` throws. */
import { answers, request, type DockerHost } from './api';

export interface ListedImage {
	/** `sha256:…` */
	readonly id: string;
	/** `name:tag` each; none: it has lost them, or came by its digest. */
	readonly tags: readonly string[];
	/** `sha256:…` in its registry; null when it came from none. */
	readonly digest: string | null;
	readonly sizeBytes: number;
	/** ISO 8601. */
	readonly createdAt: string;
	readonly labels: Readonly<Record<string, string>>;
}

export async function listImages(host: DockerHost, signal?: AbortSignal): Promise<ListedImage[]> {
	const images = await request(host, { method: 'GET', path: '/images/json', doing: 'list images', signal });
	const key = ({ tags, id }: ListedImage) => tags[0] ?? id;
	return answers.array({ images }, 'images', parseImage).sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function parseImage(value: unknown): ListedImage {
	const image = answers.fields(value, 'image');
	const names = (name: string) => answers.nullable(image, name, (f, n) => answers.strings(f, n)) ?? [];
	const labels = answers.nullable(image, 'Labels', (f, n) => answers.fields(f[n], n)) ?? {};
	return {
		id: answers.string(image, 'Id'),
		// An image without a name has this one, in older engines.
		tags: names('RepoTags').filter((tag) => tag !== '<none>:<none>'),
		digest:
			names('RepoDigests')
				.find((digest) => !digest.startsWith('<none>'))
				?.split('@')[1] ?? null,
		sizeBytes: answers.integer(image, 'Size'),
		createdAt: new Date(answers.integer(image, 'Created') * 1000).toISOString(),
		labels: Object.fromEntries(Object.entries(labels).map(([name, text]) => [name, String(text)])),
	};
}
