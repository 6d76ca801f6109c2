/**
 * Entry: one small file of an archive, as an event. Of the archive only the file's own range is read; its header is
 * compared with the index, its content with the SHA-256 there. Throws `invalid_parameter` for what is no file, or too
 * large; `source_missing` where there is none of this path.
 */
import { BackupError } from '../../protocol/errors';
import { parseGoFrame, type EntryJob } from '../../protocol/job';
import type { Engine } from '../environment';
import type { IndexEntry } from '../format/index-entry';
import { contentOfEntry } from '../pipeline/entry-content';
import { archiveParts } from '../pipeline/archive-parts';
import { requireEntries } from '../pipeline/record-files';
import { tellRecords } from './list';
import { meetRepository } from './meet';

/** An event is one line. */
export const entryBytesMax = 4 << 20;

export async function readEntry({ id, path }: EntryJob, engine: Engine): Promise<void> {
	const { conversation } = engine;
	await meetRepository(engine);
	await tellRecords({ job: null, id }, engine);
	conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
	const [archive] = parseGoFrame(await conversation.receive('go')).archives;
	if (archive?.record.id !== id) throw new BackupError('protocol_violation', 'no archive to read came');
	requireEntries(archive.record);
	const parts = archiveParts(archive, engine);
	const entry = requireSmall(await (await parts.index()).find(path), id, path);
	const content = await contentOfEntry(await parts.content(), entry);
	conversation.say({ event: 'entry', content: content.toString('base64') });
	conversation.say({ event: 'done', entries: 1, bytes: content.length });
}

function requireSmall(entry: IndexEntry | undefined, id: string, path: string): IndexEntry {
	const name = JSON.stringify(path);
	if (!entry) {
		throw new BackupError('source_missing', `${id} holds no ${name}`, {
			hint: 'Browse the archive to see what it holds.',
		});
	}
	if (entry.type !== 'file' || entry.sparse) {
		throw new BackupError('invalid_parameter', `${name} of ${id} is no plain file, but a ${entry.type}`);
	}
	if (entry.size <= entryBytesMax) return entry;
	throw new BackupError(
		'invalid_parameter',
		`${name} of ${id} has ${entry.size} bytes, too many to be shown`,
		{
			hint: 'Restore it, or extract it into a directory.',
		},
	);
}
