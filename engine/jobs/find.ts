/** Find: the database files of a mounted place. It knows no repository and no keys. */
import type { FindJob } from '../../protocol/job';
import type { Conversation } from '../conversation';
import { databaseFiles } from '../sources/sqlite-files';

/** A place with more is told to be one that was not looked through. */
const mostEntries = 1_000_000;
const perEvent = 200;

export async function findDatabases(
	{ root }: FindJob,
	conversation: Pick<Conversation, 'say' | 'signal'>,
	most = mostEntries,
): Promise<void> {
	let entries = 0;
	let looked = 0;
	for await (const found of databaseFiles(root, most, conversation.signal)) {
		for (let start = 0; start < found.files.length; start += perEvent) {
			const files = found.files.slice(start, start + perEvent);
			entries += files.length;
			conversation.say({ event: 'databases', files });
		}
		looked = found.looked;
	}
	if (looked === most) {
		const message = `only the first ${most} files and folders were looked at: name a database by its path`;
		conversation.say({ event: 'warning', code: 'search_limited', message, path: null });
	}
	conversation.say({ event: 'done', entries, bytes: 0 });
}
