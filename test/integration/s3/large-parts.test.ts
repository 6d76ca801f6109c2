/**
 * An archive that may come to more than 1,000 parts of 64 MiB: its parts are larger, and wait in the runner's scratch
 * volume. The source claims 62 GiB that take no space on the disk: allocated and never written, on a file system of
 * its own in a sparse file. The run is cancelled once parts are in the bucket.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker, lab, runnersOf, start, unique, until } from '../cli/lab';
import { buckets, s3Environment } from './buckets';

const s3 = buckets();
const { job: newJob, keyFile } = lab();
const mib = 1 << 20;
const gib = 1024 * mib;

/** Runs `work` with a volume that holds a file of 62 GiB behind 400 MiB of noise. */
async function withHugeVolume(work: (volume: string) => Promise<void>): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), 'docker-backup-huge-'));
	const [image, mounted, volume] = [join(folder, 'image'), join(folder, 'mounted'), unique('huge')];
	mkdirSync(mounted);
	execFileSync('truncate', ['--size', '70G', image]);
	execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', '-E', 'lazy_itable_init=1,lazy_journal_init=1', image]);
	execFileSync('mount', ['-o', 'loop', image, mounted]);
	try {
		for (let file = 0; file < 25; file++)
			writeFileSync(join(mounted, `a${100 + file}`), randomBytes(16 * mib));
		execFileSync('fallocate', ['--length', '62G', join(mounted, 'z')]);
		const options = ['type=none', 'o=bind', `device=${mounted}`].flatMap((option) => ['--opt', option]);
		await docker('volume', 'create', ...options, volume);
		await work(volume);
	} finally {
		await docker('volume', 'rm', '-f', volume);
		execFileSync('umount', [mounted]);
		rmSync(folder, { recursive: true });
	}
}

/** What the engine has open below /scratch: files without a name. */
function openInScratch(pid: string): string[] {
	const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
		try {
			return readlinkSync(`/proc/${pid}/fd/${fd}`);
		} catch {
			return ''; // closed meanwhile
		}
	});
	return links.filter((link) => link.startsWith('/scratch/'));
}

test('parts above 64 MiB go by way of the scratch volume, and nothing of them is left', async () => {
	await withHugeVolume(async (volume) => {
		const bucket = await s3.create('large');
		const job = newJob();
		const at = ['--repository', `s3://${bucket}`, '--key-file', keyFile(), '--runner-network', 'host'];
		const running = start(['backup', 'volume', volume, '--job', job, ...at], s3Environment);
		const seen = { files: 0, scratch: '' };
		const sizes = await until('parts in the bucket', async () => {
			const [runner] = await runnersOf(job, 'running');
			if (runner === undefined) return false;
			const [pid, mounts] = (
				await docker(
					'inspect',
					'-f',
					'{{.State.Pid}} {{range .Mounts}}{{.Destination}}={{.Name}} {{end}}',
					runner,
				)
			).split(/ (.*)/);
			seen.scratch = /\/scratch=(\S+)/.exec(mounts!)![1]!;
			seen.files = Math.max(seen.files, openInScratch(pid!).length);
			return Object.values(await s3.uploads(bucket)).find((parts) => parts.length >= 3);
		});
		running.process.kill('SIGINT');
		const { code } = await running.ended;
		expect(code).not.toBe(0);
		const expected = Math.ceil((62 * gib + 400 * mib) / 900 / mib) * mib;
		expect(expected).toBeGreaterThan(64 * mib);
		for (const size of sizes) expect(Math.abs(size - expected)).toBeLessThanOrEqual(mib);
		expect(new Set(sizes).size).toBe(1);
		expect(seen.files).toBeGreaterThan(0);
		expect(await s3.uploads(bucket)).toEqual({});
		expect(await runnersOf(job)).toEqual([]);
		expect(await docker('volume', 'ls', '-q', '--filter', `name=${seen.scratch}`)).toBe('');
	});
});
