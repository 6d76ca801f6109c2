/**
 * The generation that a job's leases have reached, as its records and run markers tell it: for when every
 * file of the lease is gone, by a lifecycle rule on `locks/` or somebody's hand. Numbers then go on
 * growing, so `seq` keeps telling newer from older.
 *
 * Looks at the newest 20 records by the times in their ids, and at every marker of a run that is not over.
 * Signatures are not checked, as the engine has no key for that: a forged number can only leave a gap.
 */
import { BackupError } from '../../protocol/errors';
import { mostGeneration } from './lease-files';
import { listRecordTexts, splitRecord } from './records';
import { listRunMarkers } from './runs';
import type { Storage } from './storage';

const newestRecords = 20;
/** Higher ones nobody reaches honestly; believing them would use the numbers up. */
export const mostBelieved = Math.floor(mostGeneration / 2);

/** 0 when there is neither a record nor a marker. */
export async function highestSeq(storage: Storage, job: string, signal?: AbortSignal): Promise<number> {
	let highest = 0;
	const take = (seq: number) => {
		if (seq <= mostBelieved) highest = Math.max(highest, seq);
	};
	let looked = 0;
	for await (const { text } of listRecordTexts(storage, { job, id: null }, signal)) {
		take(seqOf(text));
		if ((looked += 1) === newestRecords) break;
	}
	for await (const { seq } of listRunMarkers(storage, job, signal)) take(seq);
	return highest;
}

function seqOf(text: string): number {
	try {
		return splitRecord(text).record.seq;
	} catch (error) {
		if (error instanceof BackupError && error.code === 'record_malformed') return 0;
		throw error;
	}
}
