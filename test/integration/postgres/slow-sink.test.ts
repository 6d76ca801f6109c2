/**
 * Known failure 29: a dump that is made much faster than it can be stored. What relays it, here the command and in n8n
 * its process, holds a few megabytes of it, and the runner no more than it is given.
 */
import { startSlowProxy } from '../../fakes/slow-proxy';
import { residentBytes, watchMemory } from '../../processes/peak-memory';
import { docker, json, lab, runnersOf, start, until } from '../cli/lab';
import { buckets, endpoint, s3Environment } from '../s3/buckets';
import { postgresLab } from './lab';

const s3 = buckets();
const { job: newJob } = lab();
const servers = postgresLab();
const MB = 1e6;

/** SHA-512 sums, 1 KiB in a row: nothing makes them smaller, but that a dump writes a byte as two digits. */
const sums = Array.from({ length: 16 }, (_, n) => `sha512(int4send(g * 16 + ${n}))`);
const noise = `create table noise as select ${sums.join(' || ')} as bytes from generate_series(1, 100000) g;`;

test('a store that takes 12 MB a second: memory stays bounded on the way, and all of it arrives', async () => {
	const server = await servers.server(17);
	await server.create('noise', noise);
	const [bucket, job] = [await s3.create('slow'), newJob()];
	const proxy = await startSlowProxy(endpoint, 12 * MB);
	try {
		const env = { ...s3Environment, AWS_ENDPOINT_URL: proxy.endpoint, PGPASSWORD: server.password };
		const at = ['--repository', `s3://${bucket}/p`];
		const how = ['--no-encrypt', '--runner-network', 'host', '--runner-memory', '256m', '--json', '--quiet'];
		const from = ['--container', server.container, '--database', 'noise'];
		const command = start(['backup', 'postgres', ...from, '--job', job, ...at, ...how], env);
		// Its code is loaded, the server was asked, and the archive is on its way.
		const early = command.ended.then(({ stdout }) =>
			Promise.reject(new Error(`it ended: ${stdout.toString()}`)),
		);
		await Promise.race([early, until('bytes of the dump', () => proxy.bytes > 2 * MB)]);
		early.catch(() => undefined);
		const before = residentBytes(command.process.pid!);
		const peak = watchMemory(command.process.pid!);
		const [runner] = await runnersOf(job, 'running');
		expect(await docker('inspect', '-f', '{{.HostConfig.Memory}}', runner!)).toBe(String(256 << 20));
		const started = performance.now();
		const { code, stdout, stderr } = await command.ended;
		expect([code, stderr]).toEqual([0, '']);
		const { records } = JSON.parse(stdout.toString()) as {
			records: { id: string; status: string; sizeBytes: number }[];
		};
		expect(records).toMatchObject([{ status: 'success' }]);
		const size = records[0]!.sizeBytes;
		expect(size).toBeGreaterThan(95 * MB);
		// The line was what all waited for; without that, bounded memory would show nothing.
		expect((performance.now() - started) / 1000).toBeGreaterThan(((size / (12 * MB)) * 2) / 3);
		expect(before).not.toBeNull();
		expect(peak() - before!).toBeLessThan(40 * MB);
		const verify = ['verify', records[0]!.id, '--level', 'deep', ...at];
		expect(await json(verify, 0, s3Environment)).toMatchObject({ verifications: [{ ok: true }] });
	} finally {
		await proxy.close();
	}
});
