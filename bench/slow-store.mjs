// An S3 server of the lab behind a connection that carries so many bytes a second towards it. The proxy is a process
// of its own, so that what it holds is not counted with whoever is measured.
import { execFileSync, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const control = join(root, 'scripts/lab/s3-server');
const keys = { accessKeyId: 'testaccesskey', secretAccessKey: 'testsecretkey0123456789' };
const bucket = 'bench-slow';

/** Reads in small steps and waits after each for the time that it should have taken; one budget for all connections. */
const proxy = `
	const net = require('node:net');
	const [host, port, rate] = process.argv.slice(1);
	let free = performance.now();
	const wait = async (bytes) => {
		const now = performance.now();
		free = Math.max(free, now) + (bytes / Number(rate)) * 1000;
		await new Promise((resolve) => setTimeout(resolve, free - now));
	};
	net.createServer(async (client) => {
		const server = net.connect(Number(port), host);
		client.on('error', () => server.destroy());
		server.on('error', () => client.destroy());
		server.pipe(client);
		try {
			for await (const chunk of client) {
				await wait(chunk.length);
				if (!server.write(chunk)) await new Promise((resolve) => server.once('drain', resolve));
			}
			server.end();
		} catch { server.destroy(); }
	}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;

/** `work` gets an empty location in S3. */
export async function withSlowStore(bytesPerSecond, work) {
	const { CreateBucketCommand, S3Client } = require('@aws-sdk/client-s3');
	const operations = require(join(root, 'dist/operations/index.js'));
	execFileSync(control, ['bench-slow', 'start'], { stdio: 'ignore' });
	const { hostname, port, origin } = new URL(
		execFileSync(control, ['bench-slow', 'endpoint'], { encoding: 'utf8' }).trim(),
	);
	const client = new S3Client({
		endpoint: origin,
		region: 'us-east-1',
		forcePathStyle: true,
		credentials: keys,
	});
	await client.send(new CreateBucketCommand({ Bucket: bucket }));
	const child = spawn(process.execPath, ['-e', proxy, hostname, port, String(bytesPerSecond)], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	try {
		const [line] = await new Promise((resolve) =>
			child.stdout.once('data', (data) => resolve([String(data)])),
		);
		const endpoint = `http://127.0.0.1:${line.trim()}`;
		return await work(operations.s3Location({ endpoint, region: 'us-east-1', bucket, prefix: '', ...keys }));
	} finally {
		child.kill();
		client.destroy();
		execFileSync(control, ['bench-slow', 'remove'], { stdio: 'ignore' });
	}
}
