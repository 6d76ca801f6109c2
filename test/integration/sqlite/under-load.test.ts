/** A dozen snapshots under load with a write-ahead log and with a rollback journal; test/long/ makes 200 of each. */
import { lab } from '../cli/lab';
import { applications } from './lab';
import { journalModes, snapshotUnderLoad } from './under-load';

const application = applications();
const ownLab = lab();

test.each(journalModes)('with journal mode %s', async (mode, allowed) => {
	const load = { mode, allowed, snapshots: 12, megabytes: 4 };
	const { pairs } = await snapshotUnderLoad({ ...load, application, lab: ownLab });
	expect(pairs).toBeGreaterThan(12);
});
