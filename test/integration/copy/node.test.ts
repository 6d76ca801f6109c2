/** Copy Archive as n8n runs it, from S3 to S3 without Docker: one target fails, the other gets everything. */
import { readFileSync } from 'node:fs';
import { CopyArchive } from '../../../nodes/CopyArchive/CopyArchive.node';
import { json, lab } from '../cli/lab';
import { execution } from '../../unit/nodes/execution';
import { buckets, endpoint, s3Environment } from '../s3/buckets';
import { newRepository } from './repositories';

const s3 = buckets();
const { directory, keyFile } = lab();
const key = keyFile();

const credential = (bucket: string) => ({
	location: 's3',
	s3Endpoint: endpoint,
	s3Region: 'us-east-1',
	s3Bucket: bucket,
	s3AccessKeyId: s3Environment.AWS_ACCESS_KEY_ID,
	s3SecretAccessKey: s3Environment.AWS_SECRET_ACCESS_KEY,
	protection: 'key',
	secretKey: readFileSync(key, 'utf8').trim(),
	createIfEmpty: true,
});

test('an item for every archive and target; a failed target alarms after the others', async () => {
	const [from, to] = [await s3.create('node'), await s3.create('node')];
	const source = await newRepository(directory(), key);
	const { id } = await source.add('nightly', 1, 100_000);
	const fill = ['copy', '--all', '--repository', source.path, '--to', `s3://${from}`, '--key-file', key];
	await json(fill, 0, s3Environment);
	const given = {
		parameters: { select: 'missing', targets: 2, readBack: true },
		credentials: {
			backupRepositoryApi: credential(from),
			backupTargetApi: credential(s3.free('nobody')),
			backupSecondTargetApi: credential(to),
		},
	};
	const node = new CopyArchive();
	const { functions } = execution({ ...given, onError: 'continueRegularOutput' });
	const [items] = await node.execute.call(functions);
	expect(items).toMatchObject([
		{
			json: {
				target: 'backupTargetApi',
				outcome: 'failed',
				id: null,
				error: { code: 'repository_not_found' },
			},
		},
		{ json: { target: 'backupSecondTargetApi', outcome: 'copied', id, job: 'nightly', record: { id } } },
	]);
	expect(items?.[1]?.json).not.toHaveProperty('error');

	const again = execution(given);
	await expect(node.execute.call(again.functions)).rejects.toThrow(/1 of 2 copies failed/);
	const rest = { ...given, parameters: { select: 'missing', targets: 1 } };
	const quiet = execution({
		...rest,
		credentials: { ...given.credentials, backupTargetApi: credential(to) },
	});
	expect(await node.execute.call(quiet.functions)).toMatchObject([
		[{ json: { outcome: 'nothing to do', selected: 1, present: 1 } }],
	]);
});
