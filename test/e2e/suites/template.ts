/** The shipped template, imported and executed: a volume's way into the repository and back. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseRecord } from '../../../protocol/record';
import { docker, mountpoint } from '../../integration/cli/lab';
import { createOddTree, describeTree, diffTrees } from '../../trees/odd-tree';
import { templateId, trigger, type Lab } from '../lab/lab';
import { outputOf, type Execution, type RunData } from '../lab/rest';
import { chain } from '../lab/workflows';

export function templateSuite(lab: Lab): void {
	describe('the nightly template', () => {
		let execution: Execution;
		const record = () => execution.output('Back Up Volumes')![0]!.json;

		beforeAll(async () => {
			await docker('volume', 'create', lab.templateVolume);
			createOddTree(await mountpoint(lab.templateVolume));
			execution = await lab.rest.ended(await lab.rest.run(templateId, trigger));
		});

		test('backs up, and gives the record', () => {
			expect(execution).toMatchObject({ status: 'success', error: undefined });
			const { repositoryCreated, ...fields } = record();
			expect(repositoryCreated).toBe(true);
			expect(parseRecord(fields)).toEqual(fields);
			expect(fields).toMatchObject({
				job: 'nightly',
				status: 'success',
				kind: 'volume',
				encrypted: true,
				compression: { algorithm: 'zstd', level: 1 },
				sources: [{ type: 'volume', name: lab.templateVolume }],
				workflow: { id: templateId, name: 'Back Up Docker Volumes Every Night', executionId: execution.id },
				warnings: [],
				error: null,
			});
			expect(execution.output('Back Up Volumes')![0]!.pairedItem).toEqual({ item: 0 });
		});

		test('what the record names is there', () => {
			for (const { path, size, sha256 } of record()['files'] as {
				path: string;
				size: number;
				sha256: string;
			}[]) {
				const file = join(lab.repository, path);
				expect(readFileSync(file).length).toBe(size);
				expect(execFileSync('sha256sum', [file]).toString().slice(0, 64)).toBe(sha256);
			}
			expect(record()['checksum']).toBe((record()['files'] as { sha256: string }[])[0]!.sha256);
			expect(existsSync(join(lab.repository, 'repository.json'))).toBe(true);
		});

		test('verifies deep', () => {
			expect(execution.output('Verify the Archive')![0]!.json).toMatchObject({
				ok: true,
				id: record()['id'],
				job: 'nightly',
				level: 'deep',
				checksum: record()['checksum'],
				error: null,
				trust: 'signed',
				entries: record()['entries'],
			});
			expect(execution.output('Back Up Volumes', 1)).toEqual([]);
			expect(execution.output('Fail the Run')).toBeUndefined();
		});

		test('the volume comes back the same', async () => {
			const volume = lab.volumeName('restored');
			const { output, error } = await lab.execute(
				chain('restore', [
					'Restore',
					'restore',
					{
						select: 'id',
						record: { __rl: true, mode: 'id', value: record()['id'] },
						volumesBy: 'all',
						target: 'named',
						newVolume: volume,
						options: {},
					},
				]),
			);
			expect(error).toBeUndefined();
			expect(output('Restore')![0]!.json).toMatchObject({
				id: record()['id'],
				volumes: [{ source: lab.templateVolume, volume }],
				entries: record()['entries'],
			});
			const [source, restored] = [await mountpoint(lab.templateVolume), await mountpoint(volume)];
			expect(diffTrees(describeTree(source), describeTree(restored))).toEqual([]);
		});

		test('the catalog lists and gets the record', async () => {
			const list = {
				operation: 'getAll',
				job: { __rl: true, mode: 'name', value: 'nightly' },
				returnAll: true,
			};
			const get = { operation: 'get', record: { __rl: true, mode: 'id', value: '={{ $json.id }}' } };
			const { output, error } = await lab.execute(
				chain('catalog', ['List', 'backupCatalog', list], ['Get', 'backupCatalog', get]),
			);
			expect(error).toBeUndefined();
			const { repositoryCreated: _, ...fields } = record();
			const entry = { ...fields, trust: 'signed', held: null, deleting: false, verifications: [] };
			expect(output('List')!.map((item) => item.json)).toEqual([entry]);
			expect(output('Get')!.map((item) => item.json)).toEqual([entry]);
		});

		test('runs by n8n execute too', async () => {
			const { code, stdout, stderr } = await lab.n8n.command('execute', `--id=${templateId}`, '--rawOutput');
			expect({ code, stderr }).toMatchObject({ code: 0 });
			const run = JSON.parse(/^\{$.*^\}$/ms.exec(stdout)![0]) as { data: RunData };
			const json = outputOf(run.data, 'Back Up Volumes')![0]!.json;
			expect(json).toMatchObject({ job: 'nightly', status: 'success', repositoryCreated: false });
			expect(json['id']).not.toBe(record()['id']);
			expect(json['seq']).toBeGreaterThan(record()['seq'] as number);
		});
	});
}
