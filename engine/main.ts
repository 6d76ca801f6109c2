/**
 * The engine's entry: one job over stdin, events over stderr, then the end. The same file runs in a
 * runner (compiled by the loader) and in a worker thread of the CLI or n8n.
 */
import { systemClock } from '../protocol/clock';
import { toBackupError } from '../protocol/errors';
import { parseJob, type Job } from '../protocol/job';
import { systemRandom } from '../protocol/random';
import { Conversation } from './conversation';
import type { Engine } from './environment';
import { backUp } from './jobs/backup';
import { list } from './jobs/list';
import { probe } from './jobs/probe';
import { restore } from './jobs/restore';
import { verify } from './jobs/verify';
import { openStorage } from './repository/open-storage';

async function runJob(job: Job, engine: Engine): Promise<void> {
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
	}
}

async function main(): Promise<void> {
	const conversation = new Conversation(process.stdin, process.stderr, systemClock);
	try {
		const job = parseJob(await conversation.receive('job'));
		const storage = await openStorage(job.location, conversation.signal);
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
