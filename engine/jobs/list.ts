/** List: the stored records of one job or all, newest first, as they are, and the runs under way. */
import type { ListJob, VerifyJob } from '../../protocol/job';
import type { StaleRun, StoredText } from '../../protocol/events';
import type { Engine } from '../environment';
import { listRecordTexts } from '../repository/records';
import { parseObjectKey } from '../repository/layout';
import { listRunMarkers } from '../repository/runs';
import { meetRepository } from './meet';

const recordsPerEvent = 100;

export async function list(job: ListJob, engine: Engine): Promise<void> {
	await meetRepository(engine);
	const entries = await tellRecords(job, engine);
	engine.conversation.say({ event: 'done', entries, bytes: 0 });
}

/** Says every record that the job asks for; resolves to how many there were. */
export async function tellRecords(
	job: ListJob | VerifyJob,
	{ conversation, storage }: Engine,
): Promise<number> {
	let batch: StoredText[] = [];
	let count = 0;
	const tell = (running: readonly StaleRun[] = []) => {
		conversation.say({ event: 'records', records: batch, running });
		batch = [];
	};
	for await (const { id, key, text } of listRecordTexts(
		storage,
		{ job: job.job, id: job.id },
		conversation.signal,
	)) {
		count += 1;
		if (batch.push({ id, job: parseObjectKey(key)?.job ?? '', text }) === recordsPerEvent) tell();
	}
	const running: StaleRun[] = [];
	for await (const marker of listRunMarkers(storage, job.job, conversation.signal)) {
		if (job.id === null || job.id === marker.id) running.push(marker);
	}
	tell(running);
	return count;
}
