/** What a host has and what of it is protected, as a user of n8n asks; and backups of what carries a label. */
import { randomBytes } from 'node:crypto';
import { docker, fill, unique } from '../../integration/cli/lab';
import type { Lab } from '../lab/lab';
import type { Execution, Item } from '../lab/rest';
import { backup, chain, credentialIds } from '../lab/workflows';

const image = 'node:24-bookworm-slim';

export function resourcesSuite(lab: Lab): void {
	describe('resources of a host', () => {
		const mark = `dbk-e2e-mark-${randomBytes(4).toString('hex')}`;
		const project = unique('project');
		const container = unique('app');
		let job: string;
		let labelled: string;
		let used: string;

		const run = async (type: string, parameters: object): Promise<Execution> => {
			const execution = await lab.execute(chain(`resources ${type}`, ['Node', type, parameters]));
			expect(execution.error).toBeUndefined();
			return execution;
		};
		const items = async (type: string, parameters: object): Promise<Item['json'][]> =>
			(await run(type, parameters)).output('Node')!.map(({ json }) => json);
		const unprotected = (more: object = {}) => ({ operation: 'unprotected', name: 'dbk-cli-*', ...more });

		beforeAll(async () => {
			job = lab.job();
			labelled = lab.volumeName('labelled');
			await docker('volume', 'create', '--label', 'docker-backup.enable=true', '--label', mark, labelled);
			used = await lab.volume('used');
			await fill(used, { a: 'a' });
			const labels = [
				'docker-backup.enable=true',
				mark,
				`docker-backup.job=${job}`,
				`com.docker.compose.project=${project}`,
				'com.docker.compose.service=web',
			].flatMap((label) => ['--label', label]);
			const options = ['--init', '--network=none', '--name', container, '-v', `${used}:/data`];
			await docker('run', '-d', ...options, ...labels, image, 'sleep', '86400');
		});
		afterAll(async () => {
			await docker('rm', '-f', container);
		});

		test('containers, by project', async () => {
			const found = await items('dockerResources', {
				operation: 'containers',
				project: { __rl: true, mode: 'name', value: project },
			});
			expect(found).toEqual([
				expect.objectContaining({
					name: container,
					image,
					running: true,
					project,
					service: 'web',
					mounts: [{ type: 'volume', source: used, destination: '/data', readOnly: false }],
				}),
			]);
		});

		test('projects to choose from', async () => {
			const list = <T>(kind: string, node: string, methodName: string) =>
				lab.rest.post<T>(`/rest/dynamic-node-parameters/${kind}`, {
					path: 'parameters.x',
					methodName,
					currentNodeParameters: {},
					nodeTypeAndVersion: { name: `n8n-nodes-docker-backup.${node}`, version: 1 },
					credentials: Object.fromEntries(
						Object.entries(credentialIds).map(([type, id]) => [type, { id, name: type }]),
					),
				});
			const description = '1 container, 1 named volume';
			expect(await list('options', 'backupVolume', 'getProjects')).toContainEqual({
				name: project,
				value: project,
				description,
			});
			const found = await list<{ results: object[] }>(
				'resource-locator-results',
				'dockerResources',
				'searchProjects',
			);
			expect(found.results).toContainEqual({ name: project, value: project, description });
		});

		test('volumes without a backup are backed up by their label, each for itself, and are protected then', async () => {
			const before = await items('dockerResources', unprotected());
			const namesOf = (all: Item['json'][]) => all.map(({ name }) => name);
			expect(namesOf(before)).toEqual(expect.arrayContaining([labelled, used]));
			expect(before.find(({ name }) => name === used)).toMatchObject({
				inUse: true,
				lastProtected: null,
				usedBy: [{ container, state: 'running', readOnly: false }],
			});

			const records = await items(
				'backupVolume',
				backup(job, [], {
					volumesBy: 'label',
					labels: `docker-backup.enable=true, ${mark}`,
					archive: 'perVolume',
				}),
			);
			expect(records.map(({ series, status }) => [series, status]).toSorted()).toEqual(
				[
					[`volume:${labelled}`, 'success'],
					[`volume:${used}`, 'success'],
				].toSorted(),
			);

			const after = namesOf(await items('dockerResources', unprotected({ maxAge: 1 })));
			for (const name of [labelled, used]) expect(after).not.toContain(name);
			const [volume] = await items('dockerResources', { operation: 'volumes', name: used, sizes: true });
			expect(volume).toMatchObject({
				name: used,
				project,
				sizeBytes: expect.any(Number),
				lastProtected: { job, id: records.find(({ series }) => series === `volume:${used}`)!['id'] },
			});
			// Nothing left to say is no item.
			expect((await run('dockerResources', unprotected({ labels: mark }))).output('Node')).toEqual([]);
		});
	});
}
