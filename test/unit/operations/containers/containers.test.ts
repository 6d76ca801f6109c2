/** What is left out of an archive, what differs, and what the daemon is asked to make: the pure parts. */
import { createRequest, type CreateOptions } from '../../../../operations/containers/create-request';
import { differencesOf } from '../../../../operations/containers/differences';
import {
	formatDocument,
	parseDocument,
	type ContainerDocument,
} from '../../../../operations/containers/document';
import { maskContainer, masked } from '../../../../operations/containers/masking';
import { portsTaken } from '../../../../operations/containers/ports';
import { judge } from '../../../../operations/containers/start-restored';

const id = 'ab'.repeat(32);
const container = {
	Id: id,
	Name: '/web',
	Image: 'sha256:1',
	Config: {
		Hostname: id.slice(0, 12),
		Image: 'app:1',
		Env: ['PATH=/bin', 'DB_PASSWORD=pw', 'URL=http://me:word@db/x', 'TZ=UTC', 'PASSWORD_FILE=/run/p'],
		Labels: { 'com.docker.compose.project': 'shop', app: 'x', 'api-token': 't' },
	},
	HostConfig: {
		NetworkMode: 'front',
		Binds: ['data:/data', '/etc/x:/x:ro,z'],
		PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
		LogConfig: { Type: 'json-file', Config: {} },
	},
	Mounts: [
		{ Type: 'volume', Name: 'data', Destination: '/data', Mode: 'z', RW: true },
		{ Type: 'bind', Source: '/etc/x', Destination: '/x', Mode: 'ro,z', RW: false, Propagation: 'rprivate' },
	],
	NetworkSettings: {
		Networks: {
			front: { Aliases: [id.slice(0, 12), 'web', 'www'], IPAMConfig: { IPv4Address: '10.9.0.5' } },
			back: { Aliases: null },
		},
	},
};
const document: ContainerDocument = {
	version: 1,
	takenAt: '2026-01-31T03:00:00.000Z',
	docker: { host: 'h', version: '1' },
	container,
	masked: { environment: [], labels: [], logOptions: [] },
	image: { reference: 'app:1', id: 'sha256:1', digests: [] },
	networks: [],
	mounts: [
		{ destination: '/data', type: 'volume', name: 'data', from: 'data', anonymous: false, readOnly: false },
		{ destination: '/x', type: 'file', name: null, from: '/etc/x', anonymous: false, readOnly: true },
	],
	containers: {},
};
const options: CreateOptions = {
	name: 'web',
	image: 'app:1',
	environment: {},
	dryRun: false,
	placeOf: ({ from, type }) => (type === 'volume' ? `${from}-2` : from),
	networkFor: (name) => name,
	ports: 'archived',
	taken: {},
	restoredFrom: 'r',
};

test('values that look like secrets are masked, others stay', () => {
	const { container: kept, environment, labels } = maskContainer(container, 'secrets', {});
	expect(environment).toEqual(['DB_PASSWORD', 'URL']);
	expect(labels).toEqual(['api-token']);
	expect(JSON.stringify(kept)).not.toMatch(/=pw|word@/);
	expect(JSON.stringify(kept)).toContain('TZ=UTC');
	expect(maskContainer(container, 'environment', { PATH: '/bin' }).environment).toEqual([
		'DB_PASSWORD',
		'URL',
		'TZ',
		'PASSWORD_FILE',
	]);
	expect(maskContainer(container, 'none', {}).container).toBe(container);
});

test('masked variables must be given again', () => {
	const { container: kept, ...left } = maskContainer(container, 'secrets', {});
	const archived = parseDocument(formatDocument({ ...document, container: kept, masked: left }));
	expect(() => createRequest(archived, options)).toThrow(/DB_PASSWORD, URL/);
	expect(createRequest(archived, { ...options, dryRun: true }).warnings.join()).toContain('DB_PASSWORD, URL');
	const { body, warnings } = createRequest(archived, {
		...options,
		environment: { DB_PASSWORD: 'a', URL: 'b' },
	});
	expect(body['Env']).toEqual(['PATH=/bin', 'DB_PASSWORD=a', 'URL=b', 'TZ=UTC', 'PASSWORD_FILE=/run/p']);
	expect(JSON.stringify(body)).not.toContain(masked);
	expect(warnings.join()).toContain('api-token');
});

test('mounts, networks and labels, under its own name and another', () => {
	const { body, networks } = createRequest(document, options);
	expect(body).toMatchObject({
		Labels: { app: 'x', 'com.docker.compose.project': 'shop' },
		HostConfig: {
			Binds: ['/etc/x:/x:ro,z'],
			Mounts: [{ Type: 'volume', Source: 'data-2', Target: '/data' }],
			NetworkMode: 'front',
		},
		NetworkingConfig: {
			EndpointsConfig: { front: { Aliases: ['web', 'www'], IPAMConfig: { IPv4Address: '10.9.0.5' } } },
		},
	});
	expect(body['Hostname']).toBeUndefined();
	expect(networks).toMatchObject([{ name: 'back', endpoint: {} }]);
	const taken = { front: { aliases: ['www'], addresses: ['10.9.0.5'] } };
	const copy = createRequest(document, { ...options, name: 'copy', ports: 'any', taken });
	expect(copy.body['Labels']).toEqual({
		app: 'x',
		'api-token': 't',
		'n8n-nodes-docker-backup.restored-from': 'r',
	});
	expect(copy.body).toMatchObject({
		HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '' }] } },
		NetworkingConfig: { EndpointsConfig: { front: {} } },
	});
	expect(JSON.stringify(copy.body)).not.toMatch(/www|10\.9\.0\.5/);
	expect(copy.warnings).toHaveLength(2);
});

test('differences never show values of the environment', () => {
	const now = {
		...container,
		Config: { ...container.Config, Env: ['PATH=/bin', 'DB_PASSWORD=other', 'NEW=1'], Labels: { app: 'y' } },
	};
	const found = differencesOf(container, now);
	expect(found).toContainEqual({
		field: 'environment.DB_PASSWORD',
		archived: 'a value',
		now: 'another value',
	});
	expect(found).toContainEqual({ field: 'environment.NEW', archived: null, now: 'a value' });
	expect(found).toContainEqual({ field: 'labels.app', archived: 'x', now: 'y' });
	expect(found).toContainEqual({ field: 'labels.api-token', archived: 'a value', now: null });
	expect(differencesOf(container, container)).toEqual([]);
});

test.each([
	['', 'tcp', 8080, 1],
	['127.0.0.1', 'tcp', 8080, 1],
	['', 'udp', 8080, 0],
	['', 'tcp', 8081, 0],
])('a port at "%s" %s %d meets %d', (address, protocol, port, count) => {
	const taken = portsTaken(createRequest(document, options).body, [
		{ container: 'o', address, port, protocol },
	]);
	expect(taken).toHaveLength(count);
});

test.each([
	[{ Status: 'running' }, 100, 'waits'],
	[{ Status: 'running' }, 3_000, 'runs'],
	[{ Status: 'running', Health: { Status: 'starting' } }, 9_000, 'waits'],
	[{ Status: 'running', Health: { Status: 'healthy' } }, 0, 'runs'],
	[{ Status: 'exited', ExitCode: 0 }, 0, 'runs'],
	[{ Status: 'exited', ExitCode: 1 }, 0, { why: 'ended with exit code 1' }],
	[{ Status: 'restarting', ExitCode: 2 }, 0, { why: 'ends with exit code 2 again and again' }],
])('a container in state %j after %d ms', (State, elapsed, expected) => {
	expect(judge({ State }, elapsed)).toEqual(expected);
});
