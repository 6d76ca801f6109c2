/** A copy that is killed, or paused and overtaken: nothing false at the target, and copying again makes it whole. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { json, lab, start, until } from '../cli/lab';
import { contentOf, newRepository, type CopyDocument, type SourceRepository } from './repositories';

const { directory, keyFile } = lab();
const key = keyFile();
const size = 300 << 20;
let source: SourceRepository;

beforeAll(async () => {
	source = await newRepository(directory(), key);
	await source.add('nightly', 1, size);
});

const lineOf = (to: string) => ['copy', '--all', '--repository', source.path, '--to', to, '--key-file', key];
const list = (at: string) =>
	json<{ entries: { status: string }[] }>(['list', '--repository', at, '--key-file', key]);

/** A copy that is in the middle of the archive. */
async function copying(to: string) {
	const started = start([...lineOf(to), '--json', '--quiet']);
	await until('bytes of the archive', () => {
		const written = bytesBelow(join(to, 'jobs'));
		return written > size / 20 && written < size;
	});
	return started;
}

function bytesBelow(folder: string): number {
	try {
		return readdirSync(folder, { recursive: true }).reduce(
			(sum, name) => sum + statSync(join(folder, String(name))).size,
			0,
		);
	} catch (error) {
		// Not there yet, or just renamed.
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
		throw error;
	}
}

test('kill -9, then again', async () => {
	const to = directory();
	const { process, ended } = await copying(to);
	process.kill('SIGKILL');
	expect(await ended).toMatchObject({ signal: 'SIGKILL' });
	expect((await list(to)).entries.filter(({ status }) => status === 'success')).toEqual([]);
	const { targets } = await json<CopyDocument>(lineOf(to));
	expect(targets).toMatchObject([{ results: [{ outcome: 'copied', bytes: size + 4000 }] }]);
	expect(contentOf(to)).toEqual(contentOf(source.path));
});

test.each([
	['SIGINT', 130],
	['SIGTERM', 143],
] as const)('%s: a clean end', async (signal, exitCode) => {
	const to = directory();
	const { process, ended } = await copying(to);
	process.kill(signal);
	const { code, stdout } = await ended;
	expect([code, JSON.parse(stdout.toString())]).toMatchObject([exitCode, { error: { code: 'cancelled' } }]);
	expect(contentOf(to)).toEqual({});
	// The lease is free at once.
	const began = performance.now();
	await json<CopyDocument>(lineOf(to));
	expect(performance.now() - began).toBeLessThan(25_000);
	expect(contentOf(to)).toEqual(contentOf(source.path));
});

test('paused and overtaken: it finds out, and changes nothing', async () => {
	const to = directory();
	const { process, ended } = await copying(to);
	process.kill('SIGSTOP');
	try {
		// Within a minute: a pause that is longer ends the copy before it looks at its lease.
		const { targets } = await json<CopyDocument>(lineOf(to));
		expect(targets).toMatchObject([{ results: [{ outcome: 'copied' }] }]);
	} finally {
		process.kill('SIGCONT');
	}
	const { code, stdout } = await ended;
	expect([code, JSON.parse(stdout.toString())]).toMatchObject([
		6,
		{ targets: [{ results: [{ outcome: 'failed', error: { code: 'lease_lost' } }] }] },
	]);
	expect(contentOf(to)).toEqual(contentOf(source.path));
	expect(await json(['verify', '--job', 'nightly', '--repository', to, '--key-file', key])).toMatchObject({
		verifications: [{ ok: true }],
	});
});
