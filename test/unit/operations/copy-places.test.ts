import { requireCopyable } from '../../../operations/copy-places';
import { defaultRunner, type RepositoryLocation, type Where } from '../../../operations/settings';

const here: Where = { type: 'process' };
const host: Where = {
	type: 'runner',
	host: { endpoint: { type: 'socket', socketPath: '/var/run/docker.sock' }, runner: defaultRunner },
};
const directory = (path: string): RepositoryLocation => ({ type: 'directory', path });
const volume = (name: string): RepositoryLocation => ({ type: 'volume', name });
const s3 = (bucket: string, changes: object = {}): RepositoryLocation => ({
	type: 's3',
	endpoint: 'http://store:1',
	region: 'us-east-1',
	bucket,
	prefix: 'p',
	pathStyle: true,
	ca: null,
	accessKeyId: 'id',
	secretAccessKey: 'secret',
	sessionToken: null,
	storageClass: null,
	serverSideEncryption: null,
	objectLock: null,
	versions: false,
	...changes,
});

function check(where: Where, source: RepositoryLocation, targets: readonly RepositoryLocation[]): void {
	const settings = { secret: null, previousSecrets: [], mayCreate: true, id: null };
	requireCopyable(
		where,
		source,
		targets.map((location) => ({ name: 't', repository: { ...settings, location } })),
	);
}

test.each([
	['directories of this machine', here, directory('/a'), [directory('/b'), directory('/a/c')]],
	['S3 and a directory', here, directory('/a'), [s3('b')]],
	[
		'two buckets, two prefixes, two stores',
		here,
		s3('a'),
		[s3('b'), s3('a', { prefix: 'q' }), s3('a', { endpoint: null })],
	],
	['volumes and directories of a host', host, volume('a'), [directory('/a'), volume('b'), s3('c')]],
])('%s', (_, where, source, targets) => {
	check(where, source, targets);
});

test.each([
	['no target', here, directory('/a'), [], 'no target'],
	['the source itself', here, directory('/a'), [directory('/a/')], 'the source itself'],
	['the source under a longer name', here, directory('/a'), [directory('/b/../a')], 'the source itself'],
	[
		'the same bucket with other keys',
		here,
		s3('a'),
		[s3('a', { accessKeyId: 'other' })],
		'the source itself',
	],
	['a target twice', host, volume('a'), [volume('b'), volume('b')], 'twice'],
	['a volume without a host', here, directory('/a'), [volume('b')], 'on a Docker host'],
	['from a volume without a host', here, volume('a'), [s3('b')], 'on a Docker host'],
	['a view of old versions', here, directory('/a'), [s3('b', { versions: true })], "can't be written"],
])('%s is refused', (_, where, source, targets, message) => {
	expect(() => check(where, source, targets)).toThrow(
		expect.objectContaining({
			code: 'usage',
			message: expect.stringContaining(message) as string,
			hint: expect.stringMatching(/\w/) as string,
		}) as Error,
	);
});
