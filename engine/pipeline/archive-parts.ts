/**
 * What a restore reads of an archive when it does not read all: the index, and the content at any place. Each is
 * opened when it is first asked for.
 */
import type { GoFrame } from '../../protocol/job';
import type { Engine } from '../environment';
import { openIndex, type Index } from '../format/index-reader';
import { openContent, type ArchiveContent } from './archive-content';
import { openRanged, type RangedFile } from './ranged-content';

export type Archive = GoFrame['archives'][number];

export interface ArchiveParts {
	index(): Promise<Index>;
	content(): Promise<ArchiveContent>;
	/** The archive's file as it is stored, authenticated but still compressed. */
	file(): Promise<RangedFile>;
	readonly archiveKey: Buffer | null;
}

export function archiveParts({ record, key }: Archive, { storage, conversation }: Engine): ArchiveParts {
	const archiveKey = key === null ? null : Buffer.from(key, 'base64');
	const open = (role: 'archive' | 'index') =>
		openRanged(storage, record, role, archiveKey, conversation.signal);
	const file = once(() => open('archive'));
	return {
		archiveKey,
		file,
		index: once(async () => {
			const { readAt, size } = await open('index');
			return await openIndex(readAt, size);
		}),
		content: once(async () => await openContent(await file(), record)),
	};
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
	let made: Promise<T> | undefined;
	return () => (made ??= make());
}
