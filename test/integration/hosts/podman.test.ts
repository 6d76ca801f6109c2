/** What docs/HOSTS.md says of Podman: its Docker-compatible service, asked as if it were Docker. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectDocker, describeHost } from '../../../docker/client';
import { startExec } from '../../../docker/exec';
import { createOddTree, describeTree, diffTrees } from '../../trees/odd-tree';
import { json, lab, unique } from '../cli/lab';
import { text } from '../docker/lab';
import { podmanService } from './podman-service';

const image = process.env['RUNNER_IMAGE'] ?? 'node:24-bookworm-slim';
const { directory, keyFile } = lab();
const { podman, socketPath } = podmanService(image);
const [source, container, job] = [unique('source'), unique('user'), unique('job')];
const mountpoint = (volume: string) => podman('volume', 'inspect', volume, '--format', '{{.Mountpoint}}');
let at: string[];
let onHost: string[];

beforeAll(async () => {
	onHost = ['--docker-host', `unix://${socketPath}`];
	at = ['--repository', directory(), '--key-file', keyFile(), ...onHost];
	await podman('volume', 'create', source);
	createOddTree(await mountpoint(source));
	const mount = ['--volume', `${source}:/data`, '--network', 'none', '--init=false'];
	await podman(
		'run',
		'--detach',
		'--name',
		container,
		...mount,
		`docker.io/library/${image}`,
		'sleep',
		'3600',
	);
});

test('its answers are understood', async () => {
	const host = connectDocker({ type: 'socket', socketPath });
	expect((await describeHost(host)).version).toBe(await podman('version', '--format', '{{.Server.Version}}'));
	host.close();
	const volumes = await json<{ volumes: { name: string }[] }>(['resources', 'volumes', ...onHost]);
	expect(JSON.stringify(volumes)).toContain(source);
	const containers = await json<object>(['resources', 'containers', ...onHost]);
	expect(JSON.stringify(containers)).toContain(container);
});

test('an exec takes input to its end, gives output after that, and its exit code', async () => {
	const host = connectDocker({ type: 'socket', socketPath });
	const command = ['sh', '-c', 'wc -c; sleep 0.2; echo later; exit 5'] as const;
	const program = await startExec(host, { container, command, input: true });
	program.stdin.end(Buffer.alloc(2_000_000, 'x'));
	program.stderr.resume();
	expect(await text(program.stdout)).toBe('2000000\nlater\n');
	expect(await program.exited).toBe(5);
	host.close();
});

test('a volume: backed up, verified, restored into a new one, and over itself while a container uses it', async () => {
	const backup = ['backup', 'volume', source, '--job', job, '--quiesce', 'pause', '--no-guard', ...at];
	const { records } = await json<{ records: { id: string }[] }>(backup);
	expect(records).toMatchObject([{ status: 'success' }]);
	expect(await json(['verify', '--job', job, '--level', 'deep', ...at])).toMatchObject({
		verifications: [{ id: records[0]!.id, ok: true }],
	});
	const restored = unique('restored');
	await json(['restore', 'volume', '--job', job, '--to', restored, ...at]);
	const trees = await Promise.all(
		[source, restored].map(async (name) => describeTree(await mountpoint(name))),
	);
	expect(diffTrees(trees[0]!, trees[1]!)).toEqual([]);

	const late = join(await mountpoint(restored), 'written later');
	writeFileSync(late, 'and gone again');
	const over = ['restore', 'volume', '--job', job, '--to', restored, '--overwrite', '--confirm', restored];
	const user = unique('user');
	const mount = ['--volume', `${restored}:/data`, '--network', 'none', '--stop-signal', 'SIGKILL'];
	await podman('run', '--detach', '--name', user, ...mount, `docker.io/library/${image}`, 'sleep', '3600');
	await json([...over, ...at]);
	expect(() => readFileSync(late)).toThrow('ENOENT');
	expect(await podman('inspect', user, '--format', '{{.State.Status}}')).toBe('running');
	const left = await podman('ps', '--all', '--format', '{{.Names}}');
	expect(left.split('\n').sort()).toEqual([container, user].sort());
});
