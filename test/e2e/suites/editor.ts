/** What the editor asks of the package: tests of credentials, and lists for pickers. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fill } from '../../integration/cli/lab';
import type { Lab } from '../lab/lab';
import { backup, chain, credentialIds } from '../lab/workflows';

interface TestResult {
	readonly status: 'OK' | 'Error';
	readonly message: string;
}

export function editorSuite(lab: Lab): void {
	const testCredential = (type: string, data: object): Promise<TestResult> =>
		lab.rest.post('/rest/credentials/test', { credentials: { id: '', name: 'x', type, data } });

	describe('the test of a Docker Host', () => {
		test('connects', async () => {
			expect(
				await testCredential('dockerHostApi', { connection: 'socket', socketPath: '/var/run/docker.sock' }),
			).toEqual({
				status: 'OK',
				message: expect.stringMatching(/^Connected to .+ \(Docker \d+\.\d+.*\)$/),
			});
		});

		test.each([
			[
				'no socket',
				{ connection: 'socket', socketPath: '/nowhere.sock' },
				/has no socket\. Check that Docker runs/,
			],
			[
				'nobody at the port',
				{ connection: 'tcp', host: '127.0.0.1', port: 1, tls: false },
				/refused the connection/,
			],
			['no host', { connection: 'tcp', host: '', port: 2376 }, /"Host" is empty/],
		])('%s: says what is wrong and what helps', async (_, data, message) => {
			expect(await testCredential('dockerHostApi', data)).toEqual({
				status: 'Error',
				message: expect.stringMatching(message),
			});
		});
	});

	describe('the test of a Backup Repository', () => {
		const data = (changes: object = {}) => ({
			location: 'directory',
			directory: lab.repository,
			protection: 'key',
			secretKey: lab.key,
			createIfEmpty: true,
			...changes,
		});

		test('opens the repository and leaves nothing behind', async () => {
			const before = readdirSync(lab.repository, { recursive: true }).sort();
			expect(await testCredential('backupRepositoryApi', data())).toMatchObject({ status: 'OK' });
			expect(readdirSync(lab.repository, { recursive: true }).sort()).toEqual(before);
		});

		test('accepts an empty directory, without making a repository there', async () => {
			const directory = lab.directory();
			expect(await testCredential('backupRepositoryApi', data({ directory }))).toMatchObject({
				status: 'OK',
			});
			expect(readdirSync(directory)).toEqual([]);
		});

		test.each([
			['a missing directory', { directory: '/nowhere/at/all' }, /does not exist on the docker host/],
			['a missing volume', { location: 'volume', volume: 'dbk-none' }, /no volume "dbk-none"/],
			['another key', { secretKey: Buffer.alloc(32, 9).toString('base64') }, /key|sign/],
			['a broken key', { secretKey: 'x' }, /not the base64 of exactly 32 bytes/],
			['an empty key', { secretKey: '' }, /is empty\. Fill it in/],
			['another id', { repositoryId: 'another' }, /not another/],
		])('%s: says what is wrong', async (_, changes, message) => {
			const result = await testCredential('backupRepositoryApi', data(changes));
			expect(result).toEqual({ status: 'Error', message: expect.stringMatching(message) });
			expect(result.message).not.toContain(lab.key);
		});

		test('a directory with other things in it is no repository', async () => {
			const directory = lab.directory();
			writeFileSync(join(directory, 'photo.jpg'), 'x');
			expect(await testCredential('backupRepositoryApi', data({ directory }))).toMatchObject({
				status: 'Error',
				message: expect.stringContaining('holds other files'),
			});
		});
	});

	describe('the pickers', () => {
		const ask = <T>(
			path: string,
			node: string,
			methodName: string,
			currentNodeParameters: object,
			more: object = {},
		) =>
			lab.rest.post<T>(`/rest/dynamic-node-parameters/${path}`, {
				path: 'parameters.x',
				methodName,
				currentNodeParameters,
				nodeTypeAndVersion: { name: `n8n-nodes-docker-backup.${node}`, version: 1 },
				credentials: Object.fromEntries(
					Object.entries(credentialIds).map(([type, id]) => [type, { id, name: type }]),
				),
				...more,
			});
		let job: string;
		let volumes: string[];
		let id: string;

		beforeAll(async () => {
			job = lab.job();
			volumes = [await lab.volume('one'), await lab.volume('two')];
			for (const volume of volumes) await fill(volume, { a: 'a' });
			const { output } = await lab.execute(chain('pick', ['Backup', 'backupVolume', backup(job, volumes)]));
			id = output('Backup')![0]!.json['id'] as string;
		});

		test('volumes of the live host', async () => {
			const options = await ask<object[]>('options', 'backupVolume', 'getVolumes', {});
			for (const volume of volumes) {
				expect(options).toContainEqual({ name: volume, value: volume, description: 'used by no container' });
			}
		});

		test('jobs and records of the repository, also filtered', async () => {
			const jobs = await ask<{ results: object[] }>(
				'resource-locator-results',
				'verifyArchive',
				'searchJobs',
				{},
			);
			expect(jobs.results).toContainEqual({ name: job, value: job });
			const records = await ask<{ results: object[] }>(
				'resource-locator-results',
				'restore',
				'searchRecords',
				{},
				{ filter: job },
			);
			expect(records.results).toEqual([
				{ name: expect.stringMatching(`^${job} · .* UTC · .* · `), value: id },
			]);
			const none = await ask<{ results: object[] }>(
				'resource-locator-results',
				'restore',
				'searchRecords',
				{},
				{ filter: 'zzz' },
			);
			expect(none.results).toEqual([]);
		});

		test.each([
			['a record', () => ({ select: 'id', record: { __rl: true, mode: 'list', value: id } })],
			['the latest of a job', () => ({ select: 'latest', job: { __rl: true, mode: 'name', value: job } })],
		])('volumes inside %s', async (_, parameters) => {
			const options = await ask<{ value: string }[]>(
				'options',
				'restore',
				'getArchivedVolumes',
				parameters(),
			);
			expect(options.map((option) => option.value)).toEqual(volumes.toSorted());
		});
	});
}
