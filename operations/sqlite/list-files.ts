/** The SQLite databases of a volume or directory: a runner that sees nothing else looks for them. */
import { startEngine } from '../executor';
import { converse } from '../session';
import type { HostSettings, OperationContext } from '../settings';
import { mountOf, placeRoot } from './place';
import type { FilePlace, SqliteFile } from './requests';

/**
 * Every SQLite database file of a place, by its header, sorted by path. Links and other file systems in it are left
 * out. Throws `volume_not_found`, `source_missing`, `invalid_parameter`.
 */
export async function listSqliteFiles(
	context: OperationContext,
	host: HostSettings,
	place: FilePlace,
): Promise<SqliteFile[]> {
	const runId = context.random.bytes(8).toString('hex');
	const needs = {
		role: 'read',
		mounts: [mountOf(place, true)],
		repository: null,
		writesRepository: false,
		runId,
		scratch: null,
		job: null,
	} as const;
	return await converse(
		context,
		(signal) => startEngine({ type: 'runner', host }, needs, context, signal),
		async (session) => {
			session.send('job', { version: 1, runId, verb: 'find', root: placeRoot });
			const files: SqliteFile[] = [];
			for (;;) {
				const event = await session.next('databases', 'done');
				if (event.event === 'done') return files.sort((a, b) => (a.path < b.path ? -1 : 1));
				files.push(...event.files);
			}
		},
	);
}
