/**
 * Images on their way by: what is said of them is compared with what is in the tar. Before it is believed, a backup of
 * images is found to be whole; and again by a deep verification.
 */
import { parseDescription, type ImageDescription } from '../../protocol/description';
import { BackupError } from '../../protocol/errors';
import { requireWholeImages } from '../format/image-layout';
import { createImageScanner } from '../format/image-scanner';

export interface ImageCheck {
	/** The chunk is not kept. Throws as `createImageScanner`. */
	push(chunk: Buffer): void;
	/** Throws `image_mismatch`, and the cut code. */
	end(description: ImageDescription): void;
}

export function checkImages(cutCode: 'source_failed' | 'archive_truncated'): ImageCheck {
	const scanner = createImageScanner(cutCode);
	return {
		push: (chunk) => scanner.push(chunk),
		end: (description) => requireWholeImages(scanner.end(), description),
	};
}

/** Throws `archive_malformed`. */
export function parseImages(text: string): ImageDescription {
	const description = parseDescription(text);
	if (description.type === 'docker-image') return description;
	throw new BackupError('archive_malformed', `a ${description.type} is described where images are`);
}

/** The content as it comes; its end comes only when all of it was found right. */
export async function* wholeImages(
	content: AsyncIterable<Buffer>,
	describe: () => string,
): AsyncGenerator<Buffer> {
	const check = checkImages('source_failed');
	for await (const chunk of content) {
		saved(() => check.push(chunk));
		yield chunk;
	}
	const description = parseImages(describe());
	saved(() => check.end(description));
}

/** What can't be read as a tar says nothing about an archive here, but about who saved it. */
function saved(work: () => void): void {
	try {
		work();
	} catch (error) {
		if (!(error instanceof BackupError) || !['archive_malformed', 'source_failed'].includes(error.code))
			throw error;
		throw new BackupError('source_failed', `docker did not save whole images: ${error.message}`, {
			hint: 'Look whether the docker daemon was restarted and whether its disk is full, and try again.',
			cause: error,
		});
	}
}
