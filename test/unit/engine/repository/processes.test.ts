/** What only real processes show: contention for a lease, a stopped holder, death in the middle of a write. */
import { readdirSync } from 'node:fs';
import { createLocalStorage } from '../../../../engine/repository/local-storage';
import { formatRecord } from '../../../../engine/repository/records';
import { cleanUpRun, listRunMarkers, type RunMarker } from '../../../../engine/repository/runs';
import { keysOf } from '../../../conformance/storage';
import { scratchDirectories } from '../../../fakes/directories';
import { failedRecord, sampleRecord } from '../../../fakes/record';
import { ask, describeLocks, markerOf } from '../../../processes/lock-scenarios';
import { testProgram, type TestProcess } from '../../../processes/process';
import type { Command } from '../../../processes/repository-process';
import type { Location } from '../../../../protocol/location';

const newDirectory = scratchDirectories();
const start = testProgram('repository-process.ts');
const directoryAt = (path: string): Location => ({ type: 'directory', path });

async function open(directory: string): Promise<TestProcess> {
	const one = start();
	await ask(one, { do: 'open', location: directoryAt(directory) });
	return one;
}

describeLocks('a directory', () => directoryAt(newDirectory()), { ttlMs: 3000, renewMs: 150 });

describe('kill -9 in the middle of a write', () => {
	const { id, job } = sampleRecord();
	const key = `jobs/${job}/${id}.tar.zst`;
	const marker = markerOf(id, [key]);
	const steps: Command[] = [
		{ do: 'mark', marker },
		{ do: 'create', key },
		{ do: 'write', length: 1 << 20 },
		{ do: 'write', length: 8 << 20 },
		{ do: 'seal' },
		{ do: 'publish' },
	];

	// All steps are sent at once, so it dies while it works on one of those after the last that was answered.
	test.each(steps.map((_, n) => [n] as const))(
		'once step %d is done leaves nothing that the marker does not name',
		async (done) => {
			const directory = newDirectory();
			const storage = createLocalStorage(directory);
			const dying = await open(directory);
			const answers = steps.map((step) => ask(dying, step));
			const settled = Promise.allSettled(answers);
			expect(await answers[done]).toEqual({ ok: null });
			await dying.kill('SIGKILL');
			await settled;
			const published = (await keysOf(storage, '')).filter((one) => one !== `jobs/${job}/${id}.run.json`);
			if (steps[done]!.do === 'publish') expect(published).toEqual([key]);
			if (published.length > 0) {
				expect(published).toEqual([key]);
				expect(await storage.size(key)).toBe(9 << 20);
			}

			const found: RunMarker[] = [];
			for await (const one of listRunMarkers(storage, job)) found.push(one);
			expect(found).toEqual([marker]);
			const recordText = formatRecord(failedRecord(), null);
			expect(await cleanUpRun(storage, found[0]!, { recordText })).toBe('removed');
			expect(readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()).toEqual([
				'jobs',
				`jobs/${job}`,
				`jobs/${job}/${id}.json`,
			]);
		},
	);
});
