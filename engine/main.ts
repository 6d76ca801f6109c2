/**
 * The engine's entry: one job over stdin, events over stderr, then the end. The same file runs in a
 * runner (compiled by the loader) and in a worker thread of the CLI or n8n.
 */
import { systemClock } from '../protocol/clock';
import { toBackupError } from '../protocol/errors';
import { parseJob, type RepositoryJob, type Verb } from '../protocol/job';
import { systemRandom } from '../protocol/random';
import { Conversation } from './conversation';
import type { Engine } from './environment';
import { adopt } from './jobs/adopt';
import { backUp } from './jobs/backup';
import { browse } from './jobs/browse';
import { compare } from './jobs/compare';
import { copy } from './jobs/copy';
import { deleteArchives } from './jobs/delete';
import { examine } from './jobs/doctor';
import { readEntry } from './jobs/entry';
import { findDatabases } from './jobs/find';
import { link } from './jobs/link';
import { list } from './jobs/list';
import { note } from './jobs/note';
import { probe } from './jobs/probe';
import { read } from './jobs/read';
import { restore } from './jobs/restore';
import { restoreFile } from './jobs/restore-file';
import { stream } from './jobs/stream';
import { verify } from './jobs/verify';
import { openStorage } from './repository/open-storage';

async function runJob(job: RepositoryJob, engine: Engine): Promise<void> {
	switch (job.verb) {
		case 'backup':
			return await backUp(job, engine);
		case 'list':
			return await list(job, engine);
		case 'verify':
			return await verify(job, engine);
		case 'restore':
			return await restore(job, engine);
		case 'probe':
			return await probe(job, engine);
		case 'copy':
			return await copy(job, engine);
		case 'delete':
			return await deleteArchives(job, engine);
		case 'note':
			return await note(job, engine);
		case 'read':
			return await read(job, engine);
		case 'stream':
			return await stream(job, engine);
		case 'entry':
			return await readEntry(job, engine);
		case 'link':
			return await link(job, engine);
		case 'doctor':
			return await examine(job, engine);
		case 'adopt':
			return await adopt(job, engine);
		case 'browse':
			return await browse(job, engine);
		case 'compare':
			return await compare(job, engine);
		case 'restore-file':
			return await restoreFile(job, engine);
	}
}

/** What somebody sits and waits for; the others run by a schedule, and outlive a restart of the store. */
const attended: ReadonlySet<Verb> = new Set([
	'list',
	'restore',
	'restore-file',
	'probe',
	'note',
	'read',
	'stream',
	'entry',
	'link',
	'doctor',
	'adopt',
]);

async function main(): Promise<void> {
	const conversation = new Conversation(process.stdin, process.stderr, systemClock);
	try {
		const job = parseJob(await conversation.receive('job'));
		if (job.verb === 'find') return await findDatabases(job, conversation);
		const { signal } = conversation;
		const storage = await openStorage(job.location, {
			scratch: job.scratch,
			clock: systemClock,
			random: systemRandom,
			signal,
			attended: attended.has(job.verb),
		});
		await runJob(job, { conversation, storage, clock: systemClock, random: systemRandom });
	} catch (thrown) {
		const error = toBackupError(thrown);
		process.exitCode = error.exitCode;
		conversation.say({
			event: 'failure',
			code: error.code,
			message: error.message,
			hint: error.hint ?? null,
		});
	} finally {
		conversation.close();
	}
}

void main();
