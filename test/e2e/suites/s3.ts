/** A repository in S3 as a user of n8n meets it: the credential's test, a backup, and all that the catalog does. */
import { createHash } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { fill } from '../../integration/cli/lab';
import { buckets, endpoint, s3Environment } from '../../integration/s3/buckets';
import { users, type Grant } from '../../integration/s3/users';
import type { Lab } from '../lab/lab';
import type { Item } from '../lab/rest';
import { backup, chain, type Workflow } from '../lab/workflows';

/** A key that can add to a prefix, and nothing else. */
const mayAdd: readonly Grant[] = [
	{ actions: ['ListBucket', 'ListBucketMultipartUploads'] },
	{ actions: ['GetObject', 'PutObject', 'AbortMultipartUpload'], objects: 'added/*' },
];

export function s3Suite(lab: Lab): void {
	describe('a repository in S3', () => {
		const s3 = buckets();
		const s3Users = users();
		let bucket: string;
		let job: string;
		let repository: { id: string; name: string };
		let host: { id: string; name: string };
		let record: Item['json'];

		const data = (changes: object = {}) => ({
			location: 's3',
			s3Endpoint: endpoint,
			s3Region: 'us-east-1',
			s3Bucket: bucket,
			s3Prefix: '/e2e/',
			s3AccessKeyId: s3Environment.AWS_ACCESS_KEY_ID,
			s3SecretAccessKey: s3Environment.AWS_SECRET_ACCESS_KEY,
			s3More: false,
			protection: 'key',
			secretKey: lab.key,
			createIfEmpty: true,
			...changes,
		});
		const testCredential = (changes: object = {}) =>
			lab.rest.post<{ status: string; message: string }>('/rest/credentials/test', {
				credentials: { id: '', name: 'x', type: 'backupRepositoryApi', data: data(changes) },
			});
		const save = async (name: string, type: string, values: object) => {
			const { id } = await lab.rest.post<{ id: string }>('/rest/credentials', { name, type, data: values });
			return { id, name };
		};
		/** With this suite's credentials; nodes other than a backup have no Docker host. */
		const inS3 = (workflow: Workflow): Workflow => ({
			...workflow,
			nodes: workflow.nodes.map((node) => {
				if (node['credentials'] === undefined) return node;
				const needsHost = node.type.endsWith('.backupVolume');
				const credentials = { backupRepositoryApi: repository, ...(needsHost && { dockerHostApi: host }) };
				return { ...node, credentials };
			}),
		});
		const catalog = async (parameters: object): Promise<Item[]> => {
			const { output, error } = await lab.execute(
				inS3(chain('s3', ['Catalog', 'backupCatalog', parameters])),
			);
			expect(error).toBeUndefined();
			return output('Catalog') ?? [];
		};
		const id = () => record['id'] as string;
		const byId = () => ({ __rl: true, mode: 'id', value: id() });

		beforeAll(async () => {
			bucket = await s3.create('e2e');
			job = lab.job();
			repository = await save('Backups in S3', 'backupRepositoryApi', data());
			host = await save('Docker with the store on it', 'dockerHostApi', {
				connection: 'socket',
				socketPath: '/var/run/docker.sock',
				customizeRunner: true,
				runnerImage: process.env['RUNNER_IMAGE'],
				memoryLimit: 512,
				cpuWeight: 512,
				pidsLimit: 128,
				network: 'host',
			});
			const volume = await lab.volume('s3');
			await fill(volume, { a: 'a', 'b/c': 'c'.repeat(100_000) });
			const workflow = chain('s3 backup', ['Backup', 'backupVolume', backup(job, [volume])]);
			const { output, error } = await lab.execute(inS3(workflow));
			expect(error).toBeUndefined();
			record = output('Backup')![0]!.json;
		});

		test('the backup is in the bucket', async () => {
			expect(record).toMatchObject({ status: 'success', repositoryCreated: true, job });
			const { ContentLength } = await s3.head(bucket, `e2e/${record['filePath'] as string}`);
			expect(ContentLength).toBe(record['sizeBytes']);
		});

		test("the credential's test writes, and leaves nothing behind", async () => {
			const before = await s3.keys(bucket);
			expect(await testCredential()).toEqual({
				status: 'OK',
				message: 'The repository can be read and written',
			});
			expect(await s3.keys(bucket)).toEqual(before);
		});

		test.each([
			[
				'no scheme',
				{ s3Endpoint: 'store.example.com' },
				/has no scheme\. Write https:\/\/store\.example\.com\./,
			],
			['a prefix with ..', { s3Prefix: 'a/../b' }, /the prefix "a\/\.\.\/b" has "\.\." in it/],
			['no bucket', { s3Bucket: '' }, /"Bucket" is empty/],
			['a bucket that is not there', { s3Bucket: 'dbk-e2e-not-there' }, /dbk-e2e-not-there/],
			['a wrong key', { s3SecretAccessKey: 'hush-hush' }, /key/],
			['no key', { s3SecretAccessKey: '' }, /"Secret Access Key" is empty/],
			[
				'object lock that the bucket lacks',
				{
					s3More: true,
					s3PathStyle: true,
					s3Encryption: 'none',
					s3ObjectLock: 'governance',
					s3ObjectLockDays: 1,
				},
				/object lock/,
			],
		])("the credential's test with %s says what is wrong and what helps", async (_, changes, message) => {
			const result = await testCredential(changes);
			expect(result).toEqual({ status: 'Error', message: expect.stringMatching(message) });
			expect(result.message).toMatch(/\. [A-Z].*\.$/);
			expect(result.message).not.toContain('hush-hush');
			expect(result.message).not.toContain(s3Environment.AWS_SECRET_ACCESS_KEY);
		});

		test('is listed, and verified, without any Docker host', async () => {
			expect(await catalog({ operation: 'getAll', job, returnAll: false, limit: 1 })).toMatchObject([
				{ json: { id: id(), status: 'success', trust: 'signed', held: null, deleting: false } },
			]);
			const parameters = { select: 'id', record: byId(), level: 'deep', failOnBad: true, options: {} };
			const { output, error } = await lab.execute(
				inS3(chain('s3 verify', ['Verify', 'verifyArchive', parameters])),
			);
			expect(error).toBeUndefined();
			expect(output('Verify')).toMatchObject([{ json: { ok: true, level: 'deep', id: id() } }]);
		});

		test('downloads: the file is the archive, byte for byte', async () => {
			const parameters = { operation: 'download', record: byId(), sizeLimit: 512, binaryProperty: 'archive' };
			const { id: execution } = await lab.execute(
				inS3(chain('s3 download', ['Catalog', 'backupCatalog', parameters])),
			);
			const { output } = await lab.rest.ended(execution);
			const [item] = output('Catalog') as (Item & {
				binary: Record<string, { id: string; fileName: string }>;
			})[];
			const file = item!.binary['archive']!;
			expect(file.fileName).toBe((record['filePath'] as string).split('/').at(-1));
			const answer = await fetch(
				`${lab.n8n.url}/rest/binary-data?id=${encodeURIComponent(file.id)}&action=download`,
				{ headers: { cookie: lab.rest.cookie } },
			);
			expect(answer.status).toBe(200);
			const bytes = Buffer.from(await answer.arrayBuffer());
			expect(createHash('sha256').update(bytes).digest('hex')).toBe(record['checksum']);
			expect(item!.json).toMatchObject({ id: id(), checksum: record['checksum'] });
		});

		test('a link gives the same bytes to whoever has it', async () => {
			const [item] = await catalog({ operation: 'link', record: byId(), expiresIn: 1 });
			const answer = await fetch(item!.json['url'] as string);
			const bytes = Buffer.from(await answer.arrayBuffer());
			expect(createHash('sha256').update(bytes).digest('hex')).toBe(record['checksum']);
			expect(item!.json).toMatchObject({ id: id(), job, size: bytes.length });
		});

		test('the check finds nothing, and then what was planted', async () => {
			const check = { operation: 'check', job: '' };
			expect(await catalog(check)).toMatchObject([{ json: { findings: 0 } }]);
			const key = `jobs/${job}/${job}-20250101T000000Z-abcd.tar.zst`;
			await s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: `e2e/${key}`, Body: 'x' }));
			expect(await catalog(check)).toMatchObject([{ json: { findings: 1, type: 'unlisted_object', key } }]);
		});

		test('a hold keeps it from deletion until it is released', async () => {
			const deletion = { operation: 'delete', recordIds: id(), reason: '' };
			expect(await catalog({ operation: 'hold', record: byId(), reason: 'for the audit' })).toMatchObject([
				{ json: { id: id(), held: { reason: 'for the audit' } } },
			]);
			const refused = await lab.execute(inS3(chain('s3 delete', ['Catalog', 'backupCatalog', deletion])));
			expect(refused.error).toMatchObject({
				message: expect.stringContaining('is held since'),
				description: expect.stringMatching(/^Release it first .* \(record_held\)$/),
			});
			expect(await catalog({ operation: 'release', record: byId(), reason: '' })).toMatchObject([
				{ json: { id: id(), held: null } },
			]);
			expect(await catalog(deletion)).toMatchObject([{ json: { id: id(), deleted: true } }]);
			expect(await catalog({ operation: 'getAll', job, returnAll: true })).toEqual([]);
		});

		test('a key that may only add: its test says so, and backups work', async () => {
			const user = await s3Users.create();
			await s3Users.allow(s3.client, bucket, [[user, mayAdd]]);
			const keys = {
				s3Prefix: 'added',
				s3AccessKeyId: user.env.AWS_ACCESS_KEY_ID,
				s3SecretAccessKey: user.env.AWS_SECRET_ACCESS_KEY,
			};
			expect(await testCredential(keys)).toEqual({
				status: 'OK',
				message: expect.stringContaining('can be read and written, but not deleted from'),
			});
			expect(await s3.keys(bucket)).toContainEqual(expect.stringMatching(/^added\/probe-[0-9a-f]{32}$/));

			const added = await save('May only add', 'backupRepositoryApi', data(keys));
			const volume = await lab.volume('added');
			await fill(volume, { a: 'a' });
			const workflow = inS3(chain('added', ['Backup', 'backupVolume', backup(lab.job(), [volume])]));
			(workflow.nodes[1]!['credentials'] as Record<string, object>)['backupRepositoryApi'] = added;
			const { output, error } = await lab.execute(workflow);
			expect(error).toBeUndefined();
			expect(output('Backup')).toMatchObject([{ json: { status: 'success', repositoryCreated: true } }]);

			// What the test left is no finding.
			const check = inS3(chain('added check', ['Catalog', 'backupCatalog', { operation: 'check', job: '' }]));
			(check.nodes[1]!['credentials'] as Record<string, object>)['backupRepositoryApi'] = added;
			const checked = await lab.execute(check);
			expect(checked.error).toBeUndefined();
			const types = checked.output('Catalog')!.map(({ json }) => json['type']);
			expect(types).not.toContain('foreign_object');
		});

		test('without a Docker host, a directory says that it needs one', async () => {
			const workflow = chain('no host', [
				'Catalog',
				'backupCatalog',
				{ operation: 'getAll', returnAll: true },
			]);
			const credentials = workflow.nodes[1]!['credentials'] as Record<string, object>;
			delete credentials['dockerHostApi'];
			const { error } = await lab.execute(workflow);
			expect(error).toMatchObject({
				message: expect.stringContaining('no host is chosen'),
				description: expect.stringMatching(/^Choose a Docker Host credential/),
			});
		});
	});
}
