// A volume that claims to be huge and takes no space: noise, and behind it a file that is allocated but never written,
// on a file system of its own in a sparse file. Needs root. What a backup plans for it is what it plans for the real
// thing; nobody has to wait until it is over.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker, dockerQuiet } from './measure.mjs';

const run = (command, ...args) => execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
const mib = 2 ** 20;

/** Runs `work` with a volume named `name` of `gib` GiB, the first `noiseMiB` MiB of which don't compress. */
export async function withHugeVolume(name, { gib, noiseMiB }, work) {
	const folder = mkdtempSync(join(tmpdir(), 'docker-backup-huge-'));
	const [image, mounted] = [join(folder, 'image'), join(folder, 'mounted')];
	mkdirSync(mounted);
	run('truncate', '--size', `${Math.ceil(gib * 1.1 + 2)}G`, image);
	run('mkfs.ext4', '-q', '-F', '-m', '0', '-E', 'lazy_itable_init=1,lazy_journal_init=1', image);
	run('mount', '-o', 'loop', image, mounted);
	try {
		for (let at = 0; at < noiseMiB; at += 16)
			writeFileSync(join(mounted, `a${10_000 + at}`), randomBytes(16 * mib));
		run('fallocate', '--length', `${gib}G`, join(mounted, 'z'));
		dockerQuiet('volume', 'rm', '-f', name);
		docker('volume', 'create', '--opt', 'type=none', '--opt', 'o=bind', '--opt', `device=${mounted}`, name);
		return await work();
	} finally {
		dockerQuiet('volume', 'rm', '-f', name);
		run('umount', mounted);
		rmSync(folder, { recursive: true });
	}
}
