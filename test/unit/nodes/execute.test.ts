/** The nodes whole, as n8n calls them, up to a Docker host that is not there. */
import { type INodeType } from 'n8n-workflow';
import { BackupCatalog } from '../../../nodes/BackupCatalog/BackupCatalog.node';
import { BackupVolume } from '../../../nodes/BackupVolume/BackupVolume.node';
import { DockerResources } from '../../../nodes/DockerResources/DockerResources.node';
import { DumpPostgres } from '../../../nodes/DumpPostgres/DumpPostgres.node';
import { Restore } from '../../../nodes/Restore/Restore.node';
import { backupRepositoryTest, dockerHostTest } from '../../../nodes/shared/credential-tests';
import { SnapshotSqlite } from '../../../nodes/SnapshotSqlite/SnapshotSqlite.node';
import { VerifyArchive } from '../../../nodes/VerifyArchive/VerifyArchive.node';
import { execution } from './execution';

const key = Buffer.alloc(32, 7).toString('base64');
const dockerHostApi = { connection: 'socket', socketPath: '/nowhere/docker.sock', customizeRunner: false };
const backupRepositoryApi = {
	location: 'directory',
	directory: '/srv/backups',
	protection: 'key',
	secretKey: key,
	createIfEmpty: true,
};
const credentials = { dockerHostApi, backupRepositoryApi };
const id = 'nightly-20260131T030000Z-1f2e';
const backup = {
	job: 'nightly',
	volumesBy: 'list',
	volumes: ['app'],
	archive: 'one',
	encrypt: true,
	compression: 'zstd',
	compressionLevel: 1,
};

const restore = { select: 'id', record: id };
const databases: [string, INodeType, Record<string, unknown>][] = [
	['Dump Postgres', new DumpPostgres(), { job: 'nightly', container: 'db', databasesBy: 'all' }],
	[
		'Snapshot SQLite',
		new SnapshotSqlite(),
		{ job: 'nightly', placeType: 'volume', volume: 'app', databasesBy: 'all' },
	],
	['Restore', new Restore(), { ...restore, kind: 'postgres', container: 'db', databaseWay: 'new' }],
	['Restore', new Restore(), { ...restore, kind: 'sqlite', placeType: 'original', fileWay: 'beside' }],
	['Verify Archive', new VerifyArchive(), { ...restore, level: 'drill', failOnBad: true }],
];

test.each<[string, INodeType, Record<string, unknown>]>([
	['Backup Volume', new BackupVolume(), backup],
	['Verify Archive', new VerifyArchive(), { select: 'id', record: id, level: 'deep', failOnBad: true }],
	['Restore', new Restore(), { select: 'id', record: id, volumesBy: 'all', target: 'affixed', suffix: '-r' }],
	['Backup Catalog', new BackupCatalog(), { operation: 'getAll', returnAll: true }],
	['Docker Resources', new DockerResources(), { operation: 'containers' }],
	['Docker Resources', new DockerResources(), { operation: 'unprotected', maxAge: 26 }],
	...databases,
])('%s without Docker: an error with code and hint', async (_, node, parameters) => {
	const { functions } = execution({ parameters, credentials });
	await expect(node.execute?.call(functions)).rejects.toMatchObject({
		name: 'NodeOperationError',
		message: 'docker at unix:///nowhere/docker.sock has no socket',
		description: expect.stringMatching(/^Check that Docker runs.*\(docker_unreachable\)$/),
		context: { itemIndex: 0, code: 'docker_unreachable' },
	});
});

test.each([
	['no volume', { volumes: [] }, {}, 'invalid_parameter'],
	['a job name with a slash', { job: 'a/b' }, {}, 'invalid_job_name'],
	['a job name with dots', { job: '..' }, {}, 'invalid_job_name'],
	['level 20', { compressionLevel: 20 }, {}, 'invalid_parameter'],
	['encryption without a key', {}, { protection: 'none' }, 'key_missing'],
	['a broken key', {}, { secretKey: 'x' }, 'key_invalid'],
])('Backup Volume with %s fails before it asks Docker', async (_, parameters, repository, code) => {
	const { functions } = execution({
		parameters: { ...backup, ...parameters },
		credentials: { dockerHostApi, backupRepositoryApi: { ...backupRepositoryApi, ...repository } },
		onError: 'continueRegularOutput',
	});
	const [items] = await new BackupVolume().execute.call(functions);
	expect(items).toMatchObject([
		{ json: { error: { code, message: expect.any(String) } }, pairedItem: { item: 0 } },
	]);
});

const { dockerHostApi: _, ...withoutHost } = credentials;

test.each([
	['Verify Archive', new VerifyArchive(), { select: 'id', record: id, level: 'deep', failOnBad: true }],
	['Backup Catalog', new BackupCatalog(), { operation: 'getAll', returnAll: true }],
])('%s without a Docker Host credential: a directory needs one', async (_name, node, parameters) => {
	const { functions } = execution({ parameters, credentials: withoutHost });
	await expect(node.execute?.call(functions)).rejects.toMatchObject({
		message: 'the repository is a directory /srv/backups of a Docker host, and no host is chosen',
		description: expect.stringMatching(/^Choose a Docker Host credential .*\(usage\)$/),
	});
});

test('a drill without a Docker Host credential: wherever the repository is, it needs one', async () => {
	const parameters = { ...restore, level: 'drill', failOnBad: true };
	const { functions } = execution({ parameters, credentials: withoutHost });
	await expect(new VerifyArchive().execute.call(functions)).rejects.toMatchObject({
		message: 'a drill starts a container, and no Docker host is chosen',
		description: expect.stringMatching(/\(usage\)$/),
	});
});

test("the credentials' tests say what is wrong and what helps", async () => {
	const credential = (data: object) => ({ id: '1', name: 'x', type: 'y', data }) as never;
	await expect(dockerHostTest.call({} as never, credential(dockerHostApi))).resolves.toEqual({
		status: 'Error',
		message: expect.stringMatching(
			/^docker at unix:\/\/\/nowhere\/docker\.sock has no socket\. Check that Docker runs/,
		),
	});
	await expect(
		backupRepositoryTest.call({} as never, credential({ ...backupRepositoryApi, secretKey: '' })),
	).resolves.toEqual({ status: 'Error', message: expect.stringContaining('openssl rand -base64 32') });
});
