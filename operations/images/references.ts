/**
 * Names of images. As Docker shows them: without its own registry, and with a tag. An image is known by its references,
 * which move from one image to the next, and by its id, which stays.
 */
import { splitReference } from '../../docker/images';

const ownRegistry = /^(?:index\.)?docker\.io\/(?:library\/)?/;

/** `docker.io/library/app` → `app:latest`. With a digest: as it is. */
export function familiar(reference: string): string {
	if (reference.includes('@')) return reference;
	const { fromImage, tag } = splitReference(reference.replace(ownRegistry, ''));
	return `${fromImage}:${tag}`;
}

/** The one of a host's references that somebody means; undefined: he named the image by an id or a digest. */
export function referenceAmong(tags: readonly string[], named: string): string | undefined {
	const wanted = familiar(named);
	return (
		tags.find((tag) => tag === named) ??
		tags.find((tag) => familiar(tag) === wanted) ??
		// Podman puts what was built there into a registry of this name.
		tags.find((tag) => tag === `localhost/${wanted}`)
	);
}

/** What stays when versions come and go: `registry:5000/team/app:1.2` → `registry:5000/team/app`; of an id its beginning. */
export function imageName(reference: string): string {
	const id = /^sha256:([0-9a-f]{12})/.exec(reference)?.[1];
	return id ?? splitReference(reference).fromImage;
}
