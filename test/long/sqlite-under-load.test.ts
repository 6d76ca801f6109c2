/** 200 snapshots under load with a write-ahead log, and 200 with a rollback journal. Says how long a writer waited. */
import { lab } from '../integration/cli/lab';
import { applications } from '../integration/sqlite/lab';
import { journalModes, snapshotUnderLoad } from '../integration/sqlite/under-load';

const application = applications();
const ownLab = lab();
const [snapshots, megabytes] = [200, 64];

test.each(journalModes)('with journal mode %s', async (mode, allowed) => {
	const load = { mode, allowed, snapshots, megabytes };
	const { longestMs, pairs, bytes } = await snapshotUnderLoad({ ...load, application, lab: ownLab });
	console.log(
		`${mode}: ${snapshots} snapshots of ${(bytes / 1e6).toFixed(0)} MB while ${pairs} transactions were written; one took ${longestMs} ms at most`,
	);
});
