/** What a target takes over from the source, and what it has of its own. */
import { PassThrough } from 'node:stream';
import { targetEnvironment, targetsOf, type TargetValues } from '../../../../cli/flags/target';
import type { S3Values } from '../../../../cli/flags/s3';
import { systemClock, systemRandom, type RepositorySettings } from '../../../../operations/index';

const none: TargetValues = {
	to: [],
	'to-key-file': undefined,
	'to-passphrase-file': undefined,
	'to-previous-key-file': [],
	'to-previous-passphrase-file': [],
	'to-no-key': false,
	'to-endpoint': undefined,
	'to-region': undefined,
	'to-no-path-style': false,
	'to-ca-file': undefined,
	'to-storage-class': undefined,
	'to-sse': undefined,
	'to-object-lock': undefined,
};
const store: S3Values = {
	endpoint: 'http://source:1',
	region: 'mars-1',
	'no-path-style': false,
	'ca-file': undefined,
};
const keys = { AWS_ACCESS_KEY_ID: 'source', AWS_SECRET_ACCESS_KEY: 'sourcesecret' };
const secret = { type: 'passphrase', passphrase: 'words' } as const;

async function targets(
	flags: Partial<TargetValues>,
	from: 's3' | 'directory',
	env: Record<string, string> = keys,
) {
	const s3 = { type: 's3', bucket: 'from' } as RepositorySettings['location'];
	const settings: RepositorySettings = {
		location: from === 's3' ? s3 : { type: 'directory', path: '/from' },
		secret,
		previousSecrets: [],
		mayCreate: false,
		id: 'ab'.repeat(16),
	};
	const shell = {
		env,
		directory: '/here',
		stdout: new PassThrough(),
		json: false,
		context: {
			clock: systemClock,
			random: systemRandom,
			signal: new AbortController().signal,
			workflow: null,
			onEvent: () => undefined,
		},
	};
	const found = await targetsOf({ ...none, ...flags }, { settings, store }, shell, true);
	return found.map(({ repository }) => repository);
}

test('directories and volumes, with the key of the source, and any id', async () => {
	expect(await targets({ to: ['there', 'volume:v'] }, 's3')).toEqual([
		{
			location: { type: 'directory', path: '/here/there' },
			secret,
			previousSecrets: [],
			mayCreate: true,
			id: null,
		},
		{ location: { type: 'volume', name: 'v' }, secret, previousSecrets: [], mayCreate: true, id: null },
	]);
	expect(await targets({ to: ['there'], 'to-no-key': true }, 's3')).toMatchObject([{ secret: null }]);
});

test.each([
	['in the store of the source', {}, 's3', keys, 'http://source:1', 'mars-1', 'source'],
	[
		'in a store of its own',
		{ 'to-endpoint': 'http://target:2' },
		's3',
		keys,
		'http://target:2',
		'us-east-1',
		'source',
	],
	[
		'in a store and with keys that the environment names',
		{},
		's3',
		{
			...keys,
			AWS_ENDPOINT_URL_S3: 'http://source:1',
			AWS_SESSION_TOKEN: 'token',
			TO_AWS_ENDPOINT_URL: 'http://target:2',
			TO_AWS_ACCESS_KEY_ID: 'target',
			TO_AWS_SECRET_ACCESS_KEY: 'targetsecret',
		},
		'http://target:2',
		'us-east-1',
		'target',
	],
	[
		'from a directory',
		{},
		'directory',
		{ ...keys, AWS_ENDPOINT_URL: 'http://usual:3' },
		'http://usual:3',
		'us-east-1',
		'source',
	],
] as const)('a bucket %s', async (_, flags, from, env, endpoint, region, accessKeyId) => {
	const [target] = await targets({ to: ['s3://bucket/p'], ...flags }, from, env);
	expect(target?.location).toMatchObject({ bucket: 'bucket', prefix: 'p', endpoint, region, accessKeyId });
	if (accessKeyId === 'target') expect(target?.location).toMatchObject({ sessionToken: null });
});

test.each([
	[{}, 'needs --to'],
	[{ to: ['/a'], 'to-endpoint': 'http://x' }, '--to-endpoint goes with --to s3://'],
	[{ to: ['ftp://a'] }, 'no kind of repository'],
	[{ to: ['/a'], 'to-no-key': true, 'to-key-file': '/nowhere' }, "can't be read"],
])('refused: %j', async (flags, message) => {
	await expect(targets(flags, 'directory')).rejects.toThrow(message);
});

test('what is empty counts as not set', () => {
	expect(targetEnvironment({ AWS_REGION: 'a', TO_AWS_REGION: '', HOME: '/root' })).toEqual({
		AWS_REGION: 'a',
		TO_AWS_REGION: '',
		HOME: '/root',
	});
});
