import { capabilitiesOf, containerOf, type RunnerSpec } from '../../../docker/container';
import { labels, runLabels } from '../../../docker/labels';

const spec: RunnerSpec = {
	image: 'node:24',
	role: 'read',
	mounts: [],
	memoryBytes: 1 << 29,
	cpuShares: 512,
	pidsLimit: 64,
	labels: {},
};
const readOnly = { type: 'volume', source: 's', target: '/s', readOnly: true } as const;
const writable = { type: 'bind', source: '/r', target: '/r', readOnly: false } as const;
const extraction = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'MKNOD', 'SETFCAP'];

test.each<[string, Partial<RunnerSpec>, string[]]>([
	['reading', { mounts: [readOnly] }, ['DAC_READ_SEARCH']],
	[
		'reading into a repository',
		{ mounts: [readOnly, writable] },
		['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH'],
	],
	['looking into a repository', { role: 'repository', mounts: [readOnly] }, ['DAC_READ_SEARCH']],
	[
		'writing into a repository',
		{ role: 'repository', mounts: [writable] },
		['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH'],
	],
	['extraction', { role: 'extract', mounts: [readOnly, writable] }, extraction],
	['reading trusted attributes', { adminXattrs: true }, ['DAC_READ_SEARCH', 'SYS_ADMIN']],
	['writing trusted attributes', { role: 'extract', adminXattrs: true }, [...extraction, 'SYS_ADMIN']],
])('%s keeps these capabilities', (_what, changes, expected) => {
	expect(capabilitiesOf({ ...spec, ...changes })).toEqual(expected);
});

test('mounts are never binds, create nothing and copy nothing', () => {
	expect(containerOf({ ...spec, mounts: [readOnly, writable] }, 'sha256:1', 'x')).toMatchObject({
		HostConfig: {
			Mounts: [
				{ Type: 'volume', Source: 's', Target: '/s', ReadOnly: true, VolumeOptions: { NoCopy: true } },
				{ Type: 'bind', Source: '/r', Target: '/r', ReadOnly: false },
			],
		},
	});
	expect(JSON.stringify(containerOf({ ...spec, mounts: [writable] }, 'sha256:1', 'x'))).not.toContain(
		'Binds',
	);
});

test.each([
	[undefined, 'none'],
	['backups', 'backups'],
])('network %s is %s', (network, expected) => {
	expect(containerOf({ ...spec, network }, 'sha256:1', 'x')).toMatchObject({
		HostConfig: { NetworkMode: expected },
	});
});

test('labels name the run; role and image are put in their place whatever the caller says', () => {
	const given = { ...runLabels({ runId: 'r1', job: 'nightly', created: 'now' }), [labels.role]: 'forged' };
	expect(containerOf({ ...spec, labels: given }, 'sha256:1', 'x')).toMatchObject({
		Image: 'sha256:1',
		Labels: {
			'n8n-nodes-docker-backup.run': 'r1',
			'n8n-nodes-docker-backup.job': 'nightly',
			'n8n-nodes-docker-backup.created': 'now',
			'n8n-nodes-docker-backup.role': 'read',
			'n8n-nodes-docker-backup.image': 'node:24',
		},
	});
	expect(runLabels({ runId: 'r1', job: null, created: 'now' })).not.toHaveProperty([labels.job]);
});

test('a scratch volume has no name, so that it goes with the container, and asks for no capability', () => {
	const runner = { ...spec, mounts: [readOnly], scratch: true, labels: { run: 'r1' } };
	expect(containerOf(runner, 'sha256:1', 'x')).toMatchObject({
		HostConfig: {
			Mounts: [
				{ Source: 's' },
				{
					Type: 'volume',
					Target: '/scratch',
					ReadOnly: false,
					VolumeOptions: { NoCopy: true, Labels: { run: 'r1', [labels.role]: 'scratch' } },
				},
			],
		},
	});
	expect(JSON.stringify(containerOf(runner, 'sha256:1', 'x')).match(/"Source"/g)).toHaveLength(1);
	expect(capabilitiesOf(runner)).toEqual(['DAC_READ_SEARCH']);
	expect(JSON.stringify(containerOf(spec, 'sha256:1', 'x'))).not.toContain('/scratch');
});

test.each([
	['read', true],
	['extract', false],
	['repository', false],
] as const)('the heap of a runner that may %s grows faster: %s', (role, grows) => {
	const { Cmd } = containerOf({ ...spec, role }, 'sha256:1', 'loader') as { Cmd: string[] };
	expect(Cmd.slice(0, 2)).toEqual(['--no-warnings', '-e']);
	expect(Cmd[2]).toMatch(/^loader/);
	expect(Cmd[2]?.includes('--heap-growing-percent')).toBe(grows);
});
