/**
 * The checksum of a content stream as a record has it (docs/FORMAT.md, "Content without entries"): records are not
 * secret, so that of an encrypted archive is keyed, and tells nothing to who can't open the archive.
 */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { derive } from './keys';

/** Its hex digest is the checksum. `archiveKey` null: the archive is not encrypted. */
export function createContentChecksum(archiveKey: Buffer | null): Hash | Hmac {
	return archiveKey === null
		? createHash('sha256')
		: createHmac('sha256', derive(archiveKey, '', 'docker-backup content'));
}
