/**
 * docs/RECOVERY.md, block by block and in its order, as somebody follows it who has nothing left but the repository
 * and the key: on a Docker Engine without a single volume, with the package as npm delivers it.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { createOddTree, describeTree, diffTrees, noise, type TreeFacts } from '../../trees/odd-tree';
import { withoutPowers } from '../../trees/without-powers';
import { buckets, s3Environment } from '../s3/buckets';
import { docker, fill, json, lab, mountpoint, until } from '../cli/lab';
import { said, smallImages, type SmallImage } from '../images/lab';
import { comparable, imageOf, postgresLab } from '../postgres/lab';
import { emptyEngine } from './empty-engine';
import { installPackage } from './package';
import { reader, sectionsOf } from './page';

const image = process.env['RUNNER_IMAGE'] ?? 'node:24-bookworm-slim';
const root = join(__dirname, '../../..');
const sections = sectionsOf('RECOVERY.md');
const { directory, job: newJob, keyFile, volume } = lab();
const postgres = imageOf(17);
const engine = emptyEngine(image, postgres);
const servers = postgresLab();
const images = smallImages();
const s3 = buckets();

const home = directory();
const repository = directory();
const key = keyFile();
const otherKeys = directory();
const at = ['--repository', repository, '--key-file', key];
const person = reader(home, { PATH: process.env['PATH'] ?? '', HOME: home, DOCKER_HOST: engine.host });

interface Backup {
	readonly id: string;
	readonly filePath: string;
}

async function backUp(
	volumes: readonly string[],
	job: string,
	flags: readonly string[] = at,
): Promise<Backup> {
	const line = ['backup', 'volume', ...volumes, '--job', job, '--runner-network', 'host', ...flags];
	return (await json<{ records: Backup[] }>(line, 0, s3Environment)).records[0]!;
}

let shop: string;
let shopTree: ReadonlyMap<string, TreeFacts>;
let settings: string;
let n8n: string;
let database: string;
let deleted: Backup;

/** The old server: its volumes, and what it has backed up. */
beforeAll(async () => {
	shop = await volume('shop');
	settings = await volume('settings');
	n8n = await volume('n8n');
	database = await volume('db');
	createOddTree(await mountpoint(shop));
	shopTree = describeTree(await mountpoint(shop));
	await fill(settings, {
		'etc/app.conf': 'colour = green',
		'etc/other.conf': 'no',
		large: noise(6 << 20, 1),
	});
	await fill(n8n, { config: '{"encryptionKey":"k"}', 'database.sqlite': noise(70_000, 2) });
	await makeDatabase();
	execFileSync('chown', ['-R', '1000:1000', await mountpoint(n8n)]);

	const job = newJob();
	person.put('REPOSITORY', repository);
	person.put('KEY_FILE', key);
	person.put('JOB', job);
	person.put('ID', (await backUp([shop, settings], job)).id);
	person.put('VOLUME', settings);
	person.put('N8N_ID', (await backUp([n8n], newJob())).id);
	person.put('N8N_VOLUME', n8n);
	person.put('N8N_IMAGE', image);
	person.put('POSTGRES_ID', (await backUp([database], newJob())).id);
	person.put('POSTGRES_VOLUME', database);
	person.put('POSTGRES_IMAGE', postgres);
	await putDump();
	await putSnapshot();
	await putImage();
	await putDamaged();
	await putS3();
	putKeys();
	for (const name of ['TARGET', 'S3_TARGET', 'DELETED_TARGET', 'SALVAGE_TARGET'])
		person.put(name, join(home, name.toLowerCase()));
	person.put('PACKAGE', installPackage(home, directory()));
});

/** A volume with a server's files, after its clean end. */
async function makeDatabase(): Promise<void> {
	const name = `dbk-recovery-${database}`;
	const mount = ['-v', `${database}:/var/lib/postgresql/data`];
	await docker('run', '-d', '--name', name, ...mount, '-e', 'POSTGRES_PASSWORD=old', postgres);
	try {
		await until('the old database', () => answering((...line) => docker(...line), name));
		await docker('exec', name, 'psql', '-U', 'postgres', '-c', 'create table kept as select 42 as answer');
		await docker('stop', name);
	} finally {
		await docker('rm', '-f', name);
	}
}

const answering = async (run: (...line: string[]) => Promise<string>, container: string): Promise<boolean> =>
	await run('exec', container, 'pg_isready', '-q', '-h', '127.0.0.1').then(
		() => true,
		() => false,
	);

let dumpText: string;

async function putDump(): Promise<void> {
	const server = await servers.server(17);
	await server.createRich('shop');
	dumpText = await server.dumpText('shop');
	const job = newJob();
	const line = ['backup', 'postgres', '--container', server.container, '--database', 'shop', '--globals'];
	const { records } = await json<{ records: (Backup & { series: string })[] }>(
		[...line, '--job', job, ...at],
		0,
		{ PGPASSWORD: server.password },
	);
	person.put('NEW_POSTGRES_IMAGE', postgres);
	person.put('DUMP_JOB', job);
	person.put('DATABASE', 'shop');
	person.put('DUMP_ID', records.find(({ series }) => series.endsWith(':shop'))!.id);
	person.put('GLOBALS_ID', records.find(({ series }) => series.endsWith(':globals'))!.id);
}

async function putSnapshot(): Promise<void> {
	const app = await volume('app');
	const file = new DatabaseSync(join(await mountpoint(app), 'app.db'));
	file.exec("create table notes (text); insert into notes values ('kept')");
	file.close();
	const job = newJob();
	const line = ['backup', 'sqlite', '--volume', app, '--path', 'app.db', '--job', job];
	const { records } = await json<{ records: Backup[] }>([...line, ...at], 0);
	person.put('SQLITE_ID', records[0]!.id);
	person.put('SQLITE_JOB', job);
	person.put('SQLITE_VOLUME', app);
	person.put('SQLITE_PATH', 'app.db');
	sqliteVolume = app;
	sqliteId = records[0]!.id;
}

let app: SmallImage;

/** The new host has it from nowhere else. */
async function putImage(): Promise<void> {
	app = await images.make();
	const job = newJob();
	const line = ['backup', 'image', app.reference, '--job', job, ...at];
	const { records } = await json<{ records: Backup[] }>(line);
	person.put('IMAGE_ID', records[0]!.id);
	person.put('IMAGE_JOB', job);
	person.put('IMAGE', app.reference);
}

/** What the new host calls the image; '' where it has none. */
const imageThere = async (): Promise<string> =>
	await engine.docker('image', 'inspect', '-f', '{{.Id}}', app.reference).catch(() => '');

let sqliteVolume: string;
let sqliteId: string;

function notesIn(path: string): unknown {
	const file = new DatabaseSync(path, { readOnly: true });
	try {
		return file
			.prepare('select text from notes')
			.all()
			.map((row) => row['text']);
	} finally {
		file.close();
	}
}

async function putDamaged(): Promise<void> {
	const damaged = await backUp([settings], newJob());
	const path = join(repository, damaged.filePath);
	const bytes = readFileSync(path);
	bytes[5 << 20]! ^= 1; // in the second of its frames, past the small files
	writeFileSync(path, bytes);
	person.put('DAMAGED_ID', damaged.id);
}

async function putS3(): Promise<void> {
	const bucket = await s3.create('recovery');
	await s3.client.send(
		new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
	);
	const flags = ['--repository', `s3://${bucket}/server1`, '--key-file', key];
	const job = newJob();
	deleted = await backUp([settings], job, flags);
	await json(['delete', deleted.id, ...flags], 0, s3Environment);
	person.put('DELETED_ID', deleted.id);
	person.put('S3_ID', (await backUp([settings], job, flags)).id);
	person.put('S3_REPOSITORY', `s3://${bucket}/server1`);
	person.put('ENDPOINT', s3Environment.AWS_ENDPOINT_URL);
	person.put('AWS_ACCESS_KEY_ID', s3Environment.AWS_ACCESS_KEY_ID);
	person.put('AWS_SECRET_ACCESS_KEY', s3Environment.AWS_SECRET_ACCESS_KEY);
}

function putKeys(): void {
	copyFileSync(keyFile(), join(otherKeys, 'a'));
	copyFileSync(key, join(otherKeys, 'b'));
	copyFileSync(keyFile(), join(otherKeys, 'c'));
	person.put('KEYS', otherKeys);
}

/** Each block of a section must end well, but for the last where `code` says so. */
async function follow(heading: string, { code = 0, path }: { code?: number; path?: string } = {}) {
	const { blocks } = sections.find((candidate) => candidate.heading === heading)!;
	const outputs: string[] = [];
	for (const [index, block] of blocks.entries()) {
		const { code: ended, output } = await person.run(block, path);
		if (ended !== (index === blocks.length - 1 ? code : 0))
			throw new Error(`exit code ${ended}:\n${block}\n${output}`);
		outputs.push(output);
	}
	return outputs.join('');
}

const restoredTo = (name: string): Promise<string> =>
	engine.docker('volume', 'inspect', '-f', '{{.Mountpoint}}', name);

/** Of a volume on the first engine and a directory. */
const differences = async (name: string, restored: string): Promise<string[]> =>
	diffTrees(describeTree(await mountpoint(name)), describeTree(restored));

/** Each section with commands, in the order of the page. */
const followed: readonly (readonly [heading: string, follower: () => Promise<void>])[] = [
	['Say where things are', async () => void (await follow('Say where things are'))],
	[
		'Get the tool',
		async () => {
			const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
			expect((await follow('Get the tool')).split('\n')).toEqual([version, version, '']);
		},
	],
	[
		'See what there is',
		async () => {
			const output = await follow('See what there is');
			expect(output).toMatch(/success +signed/);
			expect(output).not.toContain('forged');
			expect(output).toContain(shop);
		},
	],
	['Check it', async () => expect(await follow('Check it')).toMatch(/^ok .* deep, /m)],
	[
		'Volumes, on a new Docker host',
		async () => {
			expect(await engine.docker('volume', 'ls', '-q')).toBe('');
			const output = await follow('Volumes, on a new Docker host');
			expect(output).toMatch(/^would restore /m);
			expect(diffTrees(shopTree, describeTree(await restoredTo(shop)))).toEqual([]);
			expect(await differences(settings, await restoredTo(settings))).toEqual([]);
			expect(await differences(settings, await restoredTo(`${settings}_restored`))).toEqual([]);
		},
	],
	[
		'Without Docker',
		async () => {
			await follow('Without Docker');
			const target = join(home, 'target');
			expect(diffTrees(withoutPowers(shopTree), describeTree(join(target, shop)))).toEqual([]);
			expect(await differences(settings, join(target, settings))).toEqual([]);
			const oneFile = readdirSync(`${target}-one-file`, { recursive: true, withFileTypes: true });
			expect(oneFile.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual(['app.conf']);
		},
	],
	[
		'n8n itself',
		async () => {
			await follow('n8n itself');
			expect(await differences(n8n, await restoredTo(n8n))).toEqual([]);
			expect(await mountsOf('n8n')).toEqual([[n8n, '/home/node/.n8n']]);
		},
	],
	[
		'Databases from dumps',
		async () => {
			await follow('Databases from dumps');
			expect(await dumpOf('shop')).toBe(dumpText);
		},
	],
	[
		'SQLite from snapshots',
		async () => {
			await follow('SQLite from snapshots');
			expect(notesIn(join(await restoredTo(sqliteVolume), 'app.db'))).toEqual(['kept']);
		},
	],
	[
		'Databases from volumes',
		async () => {
			await follow('Databases from volumes');
			expect(await mountsOf('db')).toEqual([[database, '/var/lib/postgresql/data']]);
			await until('the restored database', () => answering(engine.docker, 'db'));
			const query = ['-U', 'postgres', '-tAc', 'select answer from kept'];
			expect(await engine.docker('exec', 'db', 'psql', ...query)).toBe('42');
		},
	],
	[
		// Known failure 39: a saved image loads on a clean daemon.
		'Images',
		async () => {
			expect(await imageThere()).toBe('');
			await follow('Images');
			expect(await imageThere()).toBe(app.id);
			await engine.docker('wait', 'app');
			expect(await engine.docker('logs', 'app')).toMatch(said);
		},
	],
	[
		'From S3',
		async () => {
			await follow('From S3');
			expect(await differences(settings, await restoredTo(`s3_${settings}`))).toEqual([]);
			expect(await differences(settings, join(home, 's3_target', settings))).toEqual([]);
		},
	],
	[
		'Somebody deleted the backups',
		async () => {
			expect(await follow('Somebody deleted the backups')).toContain(deleted.id);
			expect(await differences(settings, join(home, 'deleted_target', settings))).toEqual([]);
		},
	],
	[
		'A damaged archive',
		async () => {
			expect(await follow('A damaged archive', { code: 3 })).toMatch(/^lost +\S*large: /m);
			const salvaged = join(home, 'salvage_target', settings);
			expect(readFileSync(join(salvaged, 'etc/app.conf'), 'utf8')).toBe('colour = green');
			expect(readdirSync(salvaged)).toEqual(['etc']);
		},
	],
	[
		'The key does not fit',
		async () => {
			const output = await follow('The key does not fit');
			expect(output).toMatch(/^encrypted +with key [0-9a-f]{16}/m);
			expect(output.match(/^it is .*$/gm)).toEqual([`it is ${join(otherKeys, 'b')}`]);
		},
	],
	[
		'With nothing but stock tools',
		async () => {
			const output = await follow('With nothing but stock tools', { path: stockTools() });
			expect(output.match(/: OK$/gm)).toHaveLength(2);
			expect(diffTrees(shopTree, describeTree(join(home, 'stock/volumes', shop)))).toEqual([]);
			expect(await differences(settings, join(home, 'stock/volumes', settings))).toEqual([]);
		},
	],
	[
		'A dump of Postgres',
		async () => {
			await follow('A dump of Postgres', { path: stockTools('docker') });
			expect(await dumpOf('stock')).toBe(dumpText);
		},
	],
	[
		'A snapshot of SQLite',
		async () => {
			await follow('A snapshot of SQLite', { path: stockTools() });
			expect(notesIn(join(home, `${sqliteId}.sqlite`))).toEqual(['kept']);
		},
	],
	[
		'An image',
		async () => {
			await engine.docker('rm', 'app');
			await engine.docker('rmi', app.reference);
			expect(await imageThere()).toBe('');
			await follow('An image', { path: stockTools('docker') });
			expect(await imageThere()).toBe(app.id);
			expect(await engine.docker('run', '--rm', app.reference)).toMatch(said);
		},
	],
	[
		'Into a Docker volume',
		async () => {
			await follow('Into a Docker volume');
			expect(await differences(settings, await restoredTo(`stock_${settings}`))).toEqual([]);
		},
	],
];

const dumpOf = async (name: string): Promise<string> =>
	comparable(await engine.docker('exec', 'new-db', 'pg_dump', '-U', 'postgres', '-d', name));

async function mountsOf(container: string): Promise<unknown> {
	const format = '{{range .Mounts}}{{json .Name}} {{json .Destination}}{{"\\n"}}{{end}}';
	const text = await engine.docker('inspect', '-f', format, container);
	return text.split('\n').map((line) => line.split(' ').map((word) => JSON.parse(word) as unknown));
}

/** A PATH with these programs only; the Python is one that has the module which the page installs. */
function stockTools(...more: string[]): string {
	const folder = directory();
	const which = (name: string) =>
		execFileSync('/bin/bash', ['-c', 'command -v "$0"', name]).toString().trim();
	for (const name of ['zstd', 'tar', 'sha256sum', 'head', 'mkdir', ...more])
		symlinkSync(which(name), join(folder, name));
	const usable = ['/usr/bin/python3', which('python3')].find((candidate) => {
		try {
			execFileSync(candidate, ['-c', 'import cryptography'], { stdio: 'ignore' });
			return true;
		} catch {
			return false;
		}
	});
	if (usable === undefined) throw new Error('no python3 can import cryptography');
	const executable = execFileSync(usable, ['-c', 'import sys; print(sys.executable)']).toString().trim();
	symlinkSync(executable, join(folder, 'python3'));
	return folder;
}

test.each(followed)('%s', async (_heading, follower) => {
	await follower();
});

test('these are all the commands of the page, in its order, and it asks for all that was put in', () => {
	expect(followed.map(([heading]) => heading)).toEqual(sections.map(({ heading }) => heading));
	expect(person.unused()).toEqual([]);
});
