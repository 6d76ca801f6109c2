/** What goes wrong, as a user of n8n meets it: on the node, on its outputs, in the template's lower path. */
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { docker, fill } from '../../integration/cli/lab';
import type { Lab } from '../lab/lab';
import { backup, chain, template } from '../lab/workflows';

const byId = (id: string): object => ({ __rl: true, mode: 'id', value: id });
const verify = (id: string, changes: object = {}): object => ({
	select: 'id',
	record: byId(id),
	level: 'checksum',
	failOnBad: true,
	...changes,
});

export function failureSuite(lab: Lab): void {
	describe('failures', () => {
		let job: string;
		let volume: string;
		const missing = 'dbk-no-such-volume';

		beforeAll(async () => {
			job = lab.job();
			volume = await lab.volume('small');
			await fill(volume, { 'a.txt': 'a', 'b/c.txt': 'c' });
		});

		test('stop the execution, with a hint and a code', async () => {
			const { status, error } = await lab.execute(
				chain('missing', ['Backup', 'backupVolume', backup(job, [missing])]),
			);
			expect(status).toBe('error');
			expect(error).toMatchObject({
				message: `volume "${missing}" does not exist on the docker host`,
				description: expect.stringMatching(/^Check the name.*\(volume_not_found\)$/),
				context: { itemIndex: 0, code: 'volume_not_found' },
			});
		});

		test('or become an item beside the good ones', async () => {
			const parameters = backup(job, [], { volumes: '={{ $json.volume }}' });
			const { output, status } = await lab.execute(
				chain(
					'continue',
					[
						'Volumes',
						'n8n-nodes-base.code',
						{ jsCode: `return ['${missing}', '${volume}'].map((volume) => ({ json: { volume } }))` },
						{ typeVersion: 2 },
					],
					['Backup', 'backupVolume', parameters, { onError: 'continueRegularOutput' }],
					['After', 'n8n-nodes-base.noOp', {}],
				),
			);
			expect(status).toBe('success');
			expect(output('After')).toMatchObject([
				{
					json: {
						error: {
							code: 'volume_not_found',
							message: expect.stringContaining(missing),
							hint: expect.any(String),
						},
					},
					pairedItem: { item: 0 },
				},
				{ json: { status: 'success', error: null }, pairedItem: { item: 1 } },
			]);
		});

		test('or go to the error output, with their record if there is one', async () => {
			// A volume that is the repository by way of a link: only the engine can tell, in the middle of it.
			const inside = lab.volumeName('repository');
			const link = join(lab.directory(), 'link');
			symlinkSync(lab.repository, link);
			const options = { type: 'none', o: 'bind', device: link };
			await docker(
				'volume',
				'create',
				...Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]),
				inside,
			);
			const parameters = backup(job, [inside, volume], { archive: 'perVolume' });
			const { output, status } = await lab.execute(
				chain('separate', ['Backup', 'backupVolume', parameters, { onError: 'continueErrorOutput' }]),
			);
			expect(status).toBe('success');
			expect(output('Backup')).toMatchObject([{ json: { status: 'success', sources: [{ name: volume }] } }]);
			expect(output('Backup', 1)).toMatchObject([
				{
					json: {
						error: { code: 'repository_in_source', hint: expect.any(String) },
						message: expect.any(String),
						details: { job, status: 'failed', series: `volume:${inside}`, checksum: null },
					},
				},
			]);

			const before = await lab.execute(
				chain('none', ['Backup', 'backupVolume', backup(job, [missing]), { onError: 'continueErrorOutput' }]),
			);
			expect(before.output('Backup')).toEqual([]);
			expect(before.output('Backup', 1)).toMatchObject([
				{
					json: {
						error: { code: 'volume_not_found' },
						message: expect.stringContaining(missing),
						details: null,
					},
				},
			]);
		});

		test("take the template's lower path and fail the execution", async () => {
			const workflow = template('nightly-volume-backup.json', 'x', {
				'Back Up Volumes': { job, volumes: [missing] },
			});
			const { status, error, output } = await lab.execute(workflow);
			expect(status).toBe('error');
			expect(output('Verify the Archive')).toBeUndefined();
			expect(error?.message).toMatch(
				/^Back Up Volumes failed: volume_not_found\nvolume "dbk-no-such-volume" does not exist/,
			);
		});

		test.each([
			['an unknown id', 'verifyArchive', verify('nightly-20200101T000000Z-0000'), 'record_not_found'],
			['no id at all', 'verifyArchive', verify('../../etc/passwd'), 'record_not_found'],
			[
				'a job without backups',
				'verifyArchive',
				{ ...verify(''), select: 'all', job: 'never-run' },
				'record_not_found',
			],
			['a job name with a slash', 'backupVolume', backup('a/b', ['x']), 'invalid_job_name'],
			['a job name of dots', 'backupVolume', backup('..', ['x']), 'invalid_job_name'],
			[
				'no volume',
				'backupVolume',
				backup('x', [], { volumesBy: 'name', volumeNames: ' , ' }),
				'invalid_parameter',
			],
			[
				'a restore of nothing',
				'restore',
				{ select: 'latest', job: 'never-run', volumesBy: 'all', target: 'affixed', suffix: '-r' },
				'record_not_found',
			],
			[
				'an unknown record',
				'backupCatalog',
				{ operation: 'get', record: byId('x-20200101T000000Z-0000') },
				'record_not_found',
			],
		])('%s', async (_, type, parameters, code) => {
			const { output } = await lab.execute(
				chain('bad', ['Node', type, parameters, { onError: 'continueRegularOutput' }]),
			);
			expect(output('Node')).toMatchObject([
				{ json: { error: { code, message: expect.stringMatching(/./) } } },
			]);
		});

		test('a restore never touches a volume that is there', async () => {
			const taken = await lab.volume('taken');
			await fill(taken, { precious: 'data' });
			const single = lab.job();
			await lab.execute(chain('first', ['Backup', 'backupVolume', backup(single, [volume])]));
			const parameters = {
				select: 'latest',
				job: single,
				volumesBy: 'all',
				target: 'named',
				newVolume: taken,
				options: {},
			};
			const { error } = await lab.execute(chain('onto', ['Restore', 'restore', parameters]));
			expect(error?.context).toMatchObject({ code: 'target_exists' });
			expect(readdirSync(await docker('volume', 'inspect', '-f', '{{.Mountpoint}}', taken))).toEqual([
				'precious',
			]);
		});

		test('a flipped bit alarms, or is a result where that is wanted', async () => {
			const made = await lab.execute(chain('good', ['Backup', 'backupVolume', backup(lab.job(), [volume])]));
			const { id, filePath } = made.output('Backup')![0]!.json as { id: string; filePath: string };
			const file = join(lab.repository, filePath);
			const bytes = readFileSync(file);
			bytes[bytes.length >> 1]! ^= 1;
			writeFileSync(file, bytes);

			const alarm = await lab.execute(chain('alarm', ['Verify', 'verifyArchive', verify(id)]));
			expect(alarm.status).toBe('error');
			expect(alarm.error?.context).toMatchObject({ code: 'checksum_mismatch' });
			const result = await lab.execute(
				chain('result', ['Verify', 'verifyArchive', verify(id, { level: 'deep', failOnBad: false })]),
			);
			expect(result.status).toBe('success');
			expect(result.output('Verify')).toMatchObject([
				{ json: { ok: false, id, error: { code: expect.any(String) } } },
			]);

			const target = lab.volumeName('never');
			const restore = {
				select: 'id',
				record: byId(id),
				volumesBy: 'all',
				target: 'named',
				newVolume: target,
				options: {},
			};
			const restored = await lab.execute(chain('restoreBad', ['Restore', 'restore', restore]));
			expect(restored.status).toBe('error');
			expect(await docker('volume', 'ls', '-q', '--filter', `name=^${target}$`)).toBe('');
		});
	});
}
