/** A backup that does not come to its end: cancelled, or n8n killed. No success, no container, nothing half-written. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { noise } from '../../trees/odd-tree';
import { fill, filesOf, runnersOf, until } from '../../integration/cli/lab';
import { trigger, type Lab } from '../lab/lab';
import { backup, chain } from '../lab/workflows';

export function interruptionSuite(lab: Lab): void {
	describe('interruptions', () => {
		let large: string;
		let small: string;

		beforeAll(async () => {
			large = await lab.volume('large');
			small = await lab.volume('small');
			// At level 19 this takes many seconds on any machine.
			await fill(large, { noise: noise(200 << 20, 5) });
			await fill(small, { a: 'a' });
		});

		/** The id of an execution whose runner is writing right now. */
		async function running(job: string, onError?: string): Promise<string> {
			const slow = backup(job, [large], { compressionLevel: 19 });
			const workflow = chain(
				`slow-${job}`,
				['Backup', 'backupVolume', slow, onError === undefined ? {} : { onError }],
				['After', 'n8n-nodes-base.noOp', {}],
			);
			const execution = await lab.rest.run(await lab.save(workflow), trigger);
			await until('bytes of the archive', () => bytesBelow(join(lab.repository, 'jobs', job)) > 1 << 20);
			expect(await runnersOf(job, 'running')).toHaveLength(1);
			return execution;
		}

		async function catalogOf(job: string): Promise<Record<string, unknown>[]> {
			const list = { operation: 'getAll', job: { __rl: true, mode: 'name', value: job }, returnAll: true };
			const { output } = await lab.execute(
				chain('list', ['List', 'backupCatalog', list, { alwaysOutputData: true }]),
			);
			return output('List')!.map((item) => item.json);
		}

		async function nextRunSucceeds(job: string): Promise<void> {
			const { output, error } = await lab.execute(
				chain('next', ['Backup', 'backupVolume', backup(job, [small])]),
			);
			expect(error).toBeUndefined();
			expect(output('Backup')).toMatchObject([{ json: { status: 'success' } }]);
		}

		test.each([[undefined], ['continueRegularOutput'], ['continueErrorOutput']])(
			'cancelled in the editor (on error: %s)',
			async (onError) => {
				const job = lab.job();
				const id = await running(job, onError);
				await lab.rest.post(`/rest/executions/${id}/stop`, {});
				const { status, output } = await lab.rest.ended(id);
				expect(status).toBe('canceled');
				expect(output('After')).toBeUndefined();
				await until('the runner to be gone', async () => (await runnersOf(job)).length === 0);
				expect((await catalogOf(job)).filter((entry) => entry['status'] === 'success')).toEqual([]);
				expect(filesOf(lab.repository, job).filter((name) => !name.endsWith('.json'))).toEqual([]);
				await nextRunSucceeds(job);
			},
		);

		test('n8n killed', async () => {
			const job = lab.job();
			await running(job);
			await lab.n8n.stop('SIGKILL');
			await until('the engine to notice', async () => (await runnersOf(job, 'running')).length === 0);
			await lab.start();
			expect((await catalogOf(job)).filter((entry) => entry['status'] === 'success')).toEqual([]);
			expect(filesOf(lab.repository, job).filter((name) => !name.endsWith('.json'))).toEqual([]);
			await nextRunSucceeds(job);
			expect(await catalogOf(job)).toMatchObject([
				{ status: 'success' },
				{ status: 'failed', error: { code: 'run_interrupted' } },
			]);
		});
	});
}

function bytesBelow(folder: string): number {
	try {
		return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0; // not there yet, or just renamed
		throw error;
	}
}
