/** Containers of real applications, backed up and made again by the command: they answer like the originals. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, docker, failure, unique, until } from '../cli/lab';
import { imageOf } from '../postgres/lab';
import { containerLab, exists, page, published } from './lab';

const lab = containerLab();
const node = process.env['RUNNER_IMAGE'] ?? 'node:24-bookworm-slim';

/** Serves what lies in its volume, with the greeting of its environment; ends when it is told to. */
const site = `
process.on('SIGTERM', () => process.exit(0));
const { readFileSync } = require('node:fs');
require('node:http').createServer((request, response) => {
	const read = (path) => { try { return readFileSync(path, 'utf8'); } catch { return 'none'; } };
	response.end([process.env.GREETING, process.env.API_TOKEN, read('/site/index'), read('/extra/index'), read('/etc/site.conf')].join('|'));
}).listen(8080);`;

/** A site with a volume, one without a name, two networks, aliases, ports, labels and a health check. */
async function startSite() {
	const [name, volume, front, back] = [
		lab.containerName('site'),
		lab.volumeName('site'),
		lab.networkName('front'),
		lab.networkName('back'),
	];
	await docker('volume', 'create', '--label', 'kept=yes', volume);
	await docker('network', 'create', '--label', 'tier=front', front);
	await docker('network', 'create', '--internal', back);
	const options = ['--network', front, '--network-alias', 'www', '-p', '127.0.0.1::8080'];
	options.push('-v', `${volume}:/site`, '-v', '/extra', '--tmpfs', '/cache', '--restart', 'unless-stopped');
	options.push('-e', 'GREETING=hello', '-e', 'API_TOKEN=t0p-s3cret', '-l', 'app=site');
	options.push('-l', 'com.docker.compose.project=shop', '-l', 'com.docker.compose.service=site');
	options.push('--health-cmd', 'node -e "fetch(\'http://127.0.0.1:8080\')"', '--health-interval', '500ms');
	options.push('--memory', '256m', '--read-only', '--user', '1000', '--stop-timeout', '5');
	await docker('run', '-d', '--name', name, ...options, node, 'node', '-e', site);
	await docker('network', 'connect', '--alias', 'inner', back, name);
	await docker(
		'exec',
		'-u',
		'0',
		name,
		'sh',
		'-c',
		'echo -n content > /site/index; echo -n more > /extra/index',
	);
	lab.alsoRemove(`${name}-extra`);
	return { name, volume, front, back };
}

interface Inspected {
	readonly Config: {
		readonly Labels: Readonly<Record<string, string>>;
		readonly Env: readonly string[];
		readonly Healthcheck: object;
		readonly User: string;
	};
	readonly HostConfig: {
		readonly RestartPolicy: object;
		readonly Memory: number;
		readonly ReadonlyRootfs: boolean;
		readonly Tmpfs: object;
		readonly PortBindings: object;
	};
	readonly NetworkSettings: {
		readonly Networks: Readonly<Record<string, { readonly Aliases: string[] | null }>>;
	};
}

const inspected = async (name: string): Promise<Inspected> => {
	const [found] = JSON.parse(await docker('inspect', name)) as Inspected[];
	if (!found) throw new Error(`no container ${name}`);
	return found;
};

/** What must be the same; of labels those that nobody added. */
function telling({ Config, HostConfig, NetworkSettings }: Inspected, id: string) {
	const { RestartPolicy, Memory, ReadonlyRootfs, Tmpfs, PortBindings } = HostConfig;
	return {
		env: Config.Env,
		user: Config.User,
		health: Config.Healthcheck,
		labels: Object.entries(Config.Labels).filter(([key]) => !key.startsWith('n8n-nodes-docker-backup.')),
		host: { RestartPolicy, Memory, ReadonlyRootfs, Tmpfs, PortBindings },
		networks: Object.entries(NetworkSettings.Networks).map(([network, { Aliases }]) => [
			network,
			(Aliases ?? []).filter((alias) => !id.startsWith(alias)),
		]),
	};
}

const idOf = (name: string) => docker('inspect', '-f', '{{.Id}}', name);

test('a site comes back with all it had, under its own name and under another beside it', async () => {
	const { name, volume, front, back } = await startSite();
	const before = await inspected(name);
	const beforeId = await idOf(name);
	const body = await page(`http://${await published(name, 8080)}`);
	expect(body).toBe('hello|t0p-s3cret|content|more|none');
	const [taken] = await lab.backup([name], '--mask-secrets', '--quiesce', 'pause', '--health-limit', '0');
	expect(taken).toMatchObject({ status: 'success', kind: 'container', consistency: 'paused' });
	expect(taken!.sources.map(({ type, name: source }) => `${type} ${source}`)).toEqual([
		`container ${name}`,
		'volume extra',
		`volume ${volume}`,
	]);
	expect(taken!.warnings).toMatchObject([
		{ code: 'mount_left_out', message: expect.stringContaining('/cache') as string },
	]);
	const { id } = taken!;
	const verified = await cli(['verify', id, '--repository', lab.repository, '--level', 'deep']);
	expect(verified).toMatchObject({ code: 0 });
	expect(JSON.stringify(taken)).not.toContain('t0p');

	expect(await lab.refused(id)).toMatchObject({ code: 'target_exists' });
	const token = lab.file('# kept apart\nAPI_TOKEN=t0p-s3cret\n');
	const copy = lab.containerName('copy');
	lab.alsoRemove(`${volume}-2`);
	lab.alsoRemove(`${copy}-extra-2`);
	const elsewhere = ['--name', copy, '--suffix=-2', '--ports', 'any', '--start'];
	expect(await lab.refused(id, ...elsewhere)).toMatchObject({
		code: 'invalid_parameter',
		message: expect.stringContaining('API_TOKEN') as string,
	});
	const second = await lab.restore(id, ...elsewhere, '--environment', token);
	expect(second).toMatchObject({
		container: { name: copy, started: true },
		networksCreated: [],
		differences: null,
	});
	expect(second.warnings.join()).toContain('www');
	expect(await page(`http://${await published(copy, 8080)}`)).toBe(body);
	const labels = (await inspected(copy)).Config.Labels;
	expect(labels).toMatchObject({ app: 'site' });
	expect(Object.keys(labels).filter((key) => key.startsWith('com.docker.compose'))).toEqual([]);
	await docker('rm', '-f', '-v', copy);

	// Everything is gone, as on another host.
	await docker('rm', '-f', '-v', name);
	await docker('volume', 'rm', volume);
	await docker('network', 'rm', front, back);
	const restored = await lab.restore(id, '--environment', token, '--start');
	expect(restored.networksCreated.toSorted()).toEqual([front, back].toSorted());
	expect(await page(`http://${await published(name, 8080)}`)).toBe(body);
	expect(telling(await inspected(name), await idOf(name))).toEqual(telling(before, beforeId));
	expect(await docker('volume', 'inspect', '-f', '{{index .Labels "kept"}}', volume)).toBe('yes');
	expect(await docker('network', 'inspect', '-f', '{{.Internal}} {{index .Labels "tier"}}', front)).toBe(
		'false front',
	);
	expect(await docker('network', 'inspect', '-f', '{{.Internal}}', back)).toBe('true');

	// Nothing differs but the volume that has a name now, and then one variable and one label.
	const same = await lab.restore(id, '--environment', token, '--dry-run');
	expect(same.differences).toEqual([
		{ field: 'mounts./extra', archived: 'volume without a name', now: `volume ${name}-extra` },
	]);
	expect(same.volumes.map(({ action }) => action)).toEqual(['refused', 'refused']);
}, 240_000);

test('one that is there is replaced once that is confirmed, and stays when the new one fails', async () => {
	const [name, volume] = [lab.containerName('replaced'), lab.volumeName('replaced')];
	const make = (...options: string[]) =>
		docker('run', '-d', '--name', name, '-v', `${volume}:/site`, ...options, node, 'node', '-e', site);
	await make('-e', 'GREETING=first', '-l', 'version=1');
	const [taken] = await lab.backup([name]);
	const { id } = taken!;
	await docker('rm', '-f', name);
	await make('-e', 'GREETING=second', '-l', 'version=2');
	const now = await idOf(name);
	const told = await lab.restore(id, '--dry-run', '--keep-existing');
	expect(told.differences).toEqual([
		{ field: 'environment.GREETING', archived: 'a value', now: 'another value' },
		{ field: 'labels.version', archived: '1', now: '2' },
	]);
	expect(JSON.stringify(told.differences)).not.toMatch(/first|second/);
	expect(await idOf(name)).toBe(now);
	expect(await lab.refused(id, '--keep-existing', '--replace', 'other')).toMatchObject({
		code: 'invalid_parameter',
	});

	// It ends at once: a variable makes it.
	const breaking = lab.file('NODE_OPTIONS=--no-such-option\n');
	const failed = ['--keep-existing', '--replace', name, '--start'];
	expect(await lab.refused(id, ...failed, '--environment', breaking)).toMatchObject({
		code: 'container_not_started',
	});
	expect(await idOf(name)).toBe(now);
	expect(await docker('inspect', '-f', '{{.State.Running}}', name)).toBe('true');

	const done = await lab.restore(id, ...failed);
	expect(done).toMatchObject({ container: { started: true }, replaced: { id: now, name: null } });
	expect(await docker('inspect', '-f', '{{index .Config.Labels "version"}}', name)).toBe('1');
	expect(await docker('ps', '-aq', '--no-trunc', '--filter', `id=${now}`)).toBe('');
}, 240_000);

test('when something fails in the middle nothing is left', async () => {
	const [name, volume, network] = [
		lab.containerName('middle'),
		lab.volumeName('middle'),
		lab.networkName('middle'),
	];
	await docker('network', 'create', network);
	await docker(
		'create',
		'--name',
		name,
		'--network',
		network,
		'-v',
		`${volume}:/data`,
		'-e',
		'A=1',
		node,
		'false',
	);
	const [taken] = await lab.backup([name]);
	await docker('rm', '-f', name);
	await docker('volume', 'rm', volume);
	await docker('network', 'rm', network);
	expect(await lab.refused(taken!.id, '--start')).toMatchObject({ code: 'container_not_started' });
	expect(await lab.refused(taken!.id, '--no-create-networks')).toMatchObject({ code: 'invalid_parameter' });
	expect(await exists('container', name)).toBe(false);
	expect(await exists('volume', volume)).toBe(false);
	expect(await exists('network', network)).toBe(false);
	// Without a start it comes back as it was: never started.
	expect(await lab.restore(taken!.id)).toMatchObject({
		container: { started: false },
		networksCreated: [network],
	});
	expect(await docker('inspect', '-f', '{{.State.Status}}', name)).toBe('created');
}, 240_000);

test('one without volumes; bind mounts on request; what is no data is left out and said', async () => {
	const directory = lab.directory();
	mkdirSync(join(directory, 'www'));
	writeFileSync(join(directory, 'www/index'), 'bound');
	writeFileSync(join(directory, 'site.conf'), 'configured');
	const name = lab.containerName('binds');
	const options = ['-v', `${directory}/www:/site`, '-v', `${directory}/site.conf:/etc/site.conf:ro`];
	options.push(
		'-v',
		'/var/run/docker.sock:/docker.sock',
		'-v',
		`${lab.repository}:/repository`,
		'-v',
		'/proc:/host:ro',
	);
	await docker('run', '-d', '--name', name, ...options, node, 'node', '-e', site);
	const [without] = await lab.backup([name]);
	expect(without).toMatchObject({ status: 'success', sources: [{ type: 'container', name }] });
	expect(without!.warnings).toMatchObject([{ code: 'bind_mounts_left_out' }]);
	const [taken] = await lab.backup([name], '--binds');
	expect(taken!.sources.map(({ type }) => type)).toEqual(['container', 'file', 'directory']);
	const said = taken!.warnings.map(({ message }) => message).join('\n');
	for (const place of ['/docker.sock', '/repository', '/host']) expect(said).toContain(place);
	const shown = await cli(['ls', taken!.id, '--repository', lab.repository]);
	expect(shown.stdout.toString()).toMatch(/site\.conf/);
	expect(shown.stdout.toString()).toMatch(new RegExp(`containers/${name}/inspect\\.json`));
	await docker('rm', '-f', name);
	await lab.restore(taken!.id, '--start');
	expect(await docker('exec', name, 'cat', '/site/index', '/etc/site.conf')).toBe('boundconfigured');
	await docker('rm', '-f', name);
	const out = join(lab.directory(), 'out');
	const extracted = await cli([
		'restore',
		'directory',
		taken!.id,
		'--to',
		out,
		'--repository',
		lab.repository,
	]);
	expect(extracted).toMatchObject({ code: 0 });
}, 240_000);

test('Postgres with data in a volume answers the same questions after it was lost', async () => {
	const [name, volume, network] = [lab.containerName('pg'), lab.volumeName('pg'), lab.networkName('pg')];
	await docker('network', 'create', network);
	const options = ['--network', network, '-v', `${volume}:/var/lib/postgresql/data`];
	await docker('run', '-d', '--name', name, ...options, '-e', 'POSTGRES_PASSWORD=pw', imageOf(17));
	const sql = (statement: string) =>
		docker(
			'exec',
			'-e',
			'PGPASSWORD=pw',
			name,
			'psql',
			'-h',
			'127.0.0.1',
			'-U',
			'postgres',
			'-Atc',
			statement,
		);
	await until('a server', () =>
		sql('SELECT 1').then(
			() => true,
			() => false,
		),
	);
	await sql(
		'CREATE TABLE orders AS SELECT n, md5(n::text) AS t FROM generate_series(1, 5000) n; CREATE INDEX ON orders (t)',
	);
	const question = "SELECT count(*), sum(n), md5(string_agg(t, ',' ORDER BY n)) FROM orders";
	const answer = await sql(question);
	const [taken] = await lab.backup([name], '--quiesce', 'stop');
	expect(taken).toMatchObject({ status: 'success', consistency: 'stopped' });
	await docker('rm', '-f', '-v', name);
	await docker('volume', 'rm', volume);
	await docker('network', 'rm', network);
	await lab.restore(taken!.id, '--start');
	await until('a server', () =>
		sql('SELECT 1').then(
			() => true,
			() => false,
		),
	);
	expect(await sql(question)).toBe(answer);
}, 240_000);

test('its image comes back from the archive of the same run, where it is asked to', async () => {
	const [name, image] = [lab.containerName('imaged'), `${lab.imageName('image')}:latest`];
	await docker('run', '--name', `${name}-base`, node, 'sh', '-c', 'echo made here > /made');
	await docker('commit', `${name}-base`, image);
	await docker('rm', '-f', `${name}-base`);
	await docker('create', '--name', name, image, 'sleep', '60');
	const records = await lab.backup([name], '--image');
	expect(records.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
		'container success',
		'image success',
	]);
	expect(new Set(records.map(({ runId }) => runId)).size).toBe(1);
	await docker('rm', '-f', name);
	await docker('rmi', image);
	const [taken] = records;
	expect(await lab.refused(taken!.id)).toMatchObject({ code: 'image_missing' });
	expect(await lab.restore(taken!.id, '--image-from-archive', '--dry-run')).toMatchObject({
		image: { from: 'archive' },
	});
	expect(await lab.restore(taken!.id, '--image-from-archive', '--start')).toMatchObject({
		image: { reference: image, from: 'archive' },
	});
	expect(await docker('exec', name, 'cat', '/made')).toBe('made here');
	await docker('rm', '-f', name);
}, 240_000);

test('a container that is not there, and one named twice', async () => {
	const at = ['--job', lab.job(), '--repository', lab.repository, '--no-encrypt'];
	const gone = unique('gone');
	expect(await failure(['backup', 'container', gone, ...at], 5)).toMatchObject({
		code: 'container_not_found',
	});
	const name = lab.containerName('twice');
	const id = await docker('create', '--name', name, node);
	expect(await failure(['backup', 'container', name, id, ...at], 2)).toMatchObject({
		code: 'invalid_parameter',
	});
});
