import { outcomeOf, requestOf } from '../../../../cli/verbs/backup';
import { noQuiesce } from '../../../../operations';
import { failedRecord, sampleRecord } from '../../../fakes/record';

const flags = {
	repository: '/r',
	job: 'nightly',
	'key-file': undefined,
	'passphrase-file': undefined,
	'previous-key-file': [],
	'previous-passphrase-file': [],
	'no-encrypt': false,
	exclude: [],
	level: undefined,
	tag: [],
	'lock-wait': undefined,
	'no-create': false,
	'repository-id': undefined,
	'docker-host': undefined,
	'ssh-key-file': undefined,
	'ssh-passphrase-file': undefined,
	'ssh-host-key': undefined,
	'runner-image': undefined,
	'runner-memory': undefined,
	'runner-network': undefined,
	endpoint: undefined,
	region: undefined,
	'no-path-style': false,
	'ca-file': undefined,
	'storage-class': undefined,
	sse: undefined,
	'object-lock': undefined,
	quiesce: undefined,
	'quiesce-container': [],
	'quiesce-label': [],
	'quiesce-except': [],
	'max-downtime': undefined,
	'quiesce-wait': undefined,
	'health-limit': undefined,
	'no-guard': false,
	'guard-socket': undefined,
	before: [],
	after: [],
};
const request = (changes: object) => requestOf({ operands: [], flags: { ...flags, ...changes } });
const repository = {
	location: { type: 'directory', path: '/r' },
	secret: null,
	previousSecrets: [],
	mayCreate: true,
	id: null,
} as const;

test.each([
	[
		{},
		{
			job: 'nightly',
			exclude: [],
			tags: [],
			encrypt: true,
			lockWaitMs: 0,
			compression: { algorithm: 'zstd', level: 1 },
			quiesce: noQuiesce,
		},
	],
	[{ level: '0' }, { compression: { algorithm: 'none', level: null } }],
	[{ level: '19' }, { compression: { algorithm: 'zstd', level: 19 } }],
	[{ 'no-encrypt': true }, { encrypt: false }],
	[
		{ exclude: ['*.tmp', 'cache'], tag: ['a'] },
		{ exclude: ['*.tmp', 'cache'], tags: ['a'] },
	],
	[{ 'lock-wait': '90' }, { lockWaitMs: 90_000 }],
])('%j', (changes, expected) => {
	expect(request(changes)).toMatchObject(expected);
});

test.each([
	{ level: '-1' },
	{ level: '20' },
	{ level: '1.5' },
	{ level: 'max' },
	{ level: '1e1' },
	{ 'lock-wait': '604801' },
])('%j is refused', (changes) => {
	expect(() => request(changes)).toThrow(expect.objectContaining({ code: 'usage' }) as Error);
});

test('every record is shown; the first failed one is the error', () => {
	const records = [
		sampleRecord(),
		failedRecord({
			id: 'nightly-b-20260131T030000Z-0001',
			error: { code: 'repository_full', message: 'full', hint: null },
		}),
		failedRecord({ id: 'nightly-c-20260131T030000Z-0002' }),
	];
	const { document, text, error } = outcomeOf({ records, repositoryCreated: true }, repository);
	expect(document).toEqual({ records, repositoryCreated: true });
	expect(text.split('\n').map((line) => line.slice(0, 8).trim())).toEqual([
		'new repo',
		'ok',
		'failed',
		'failed',
		'',
	]);
	expect(error).toMatchObject({ code: 'repository_full', exitCode: 8 });
	expect(
		outcomeOf({ records: [sampleRecord()], repositoryCreated: false }, repository).error,
	).toBeUndefined();
});
