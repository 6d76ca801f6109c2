/**
 * GNU tar as a child process: the bytes it writes, or a place for the bytes it reads.
 * Full fidelity: owners by number, ns times, hard links, sparse files, xattrs, ACLs, capabilities.
 * Throws `image_without_tar`, `source_unreadable` (naming the path), `target_failed`, `target_full`.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { BackupError } from '../../protocol/errors';
import { readTarMessage, type TarFinding } from './tar-messages';

const fidelity = ['--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner'];
const environment = { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

/** Resolves to GNU tar's version, or throws `image_without_tar`. */
export async function requireGnuTar(): Promise<string> {
	const missing = (cause?: unknown) =>
		new BackupError('image_without_tar', 'there is no GNU tar where the engine runs', {
			hint: 'Use an image with Node.js and GNU tar, such as node:24-bookworm-slim (busybox tar loses attributes).',
			cause,
		});
	const output = await new Promise<string>((resolve, reject) => {
		const child = spawn('tar', ['--version'], { env: environment, stdio: ['ignore', 'pipe', 'ignore'] });
		let text = '';
		child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
		child.once('error', (cause) => reject(missing(cause)));
		child.once('close', () => resolve(text));
	});
	const version = /\(GNU tar\) (\S+)/.exec(output)?.[1];
	if (version === undefined) throw missing();
	return version;
}

/**
 * How long the tar stream of one tree would be: what `readTree` gives, without reading any file's content (tar
 * skips that when it writes to /dev/null; only sparse files are asked for their holes) and without extended
 * attributes, which take three times as long to ask for as all the rest. Null when tar could not say: what is
 * wrong with the tree shows when it is read.
 */
export async function measureTree(
	directory: string,
	root: string,
	exclude: readonly string[],
	signal: AbortSignal,
): Promise<number | null> {
	const child = spawn(
		'tar',
		[
			'--create',
			'--file=/dev/null',
			'--totals',
			'--format=pax',
			'--pax-option=delete=atime',
			'--sparse',
			// The order in which a cold disk gives them soonest.
			'--sort=inode',
			'--numeric-owner',
			...exclude.flatMap((glob) => excludeOptions(root, glob)),
			`--directory=${directory}`,
			'--',
			root,
		],
		{ env: environment, stdio: ['ignore', 'ignore', 'pipe'], signal },
	);
	let total: number | null = null;
	const lines = createInterface({ input: child.stderr });
	lines.on('line', (line) => {
		const said = /^Total bytes written: (\d+) /.exec(line)?.[1];
		if (said !== undefined) total = Number(said);
	});
	const read = new Promise<void>((resolve) => lines.once('close', resolve));
	await new Promise<void>((resolve) => {
		child.once('error', () => resolve());
		child.once('close', () => resolve());
	});
	await read;
	signal.throwIfAborted();
	return total;
}

/**
 * The tar stream of one tree (`root`, found below `directory`), entries sorted by name. Findings that
 * are warnings go to `onWarning`; an entry that can't be read fails the stream at its end.
 */
export async function* readTree(
	directory: string,
	root: string,
	exclude: readonly string[],
	signal: AbortSignal,
	onWarning: (finding: TarFinding) => void,
): AsyncGenerator<Buffer> {
	const child = spawn(
		'tar',
		[
			'--create',
			'--file=-',
			'--format=pax',
			'--pax-option=delete=atime',
			'--sparse',
			'--sort=name',
			'--blocking-factor=128',
			'--quoting-style=escape',
			...fidelity,
			...exclude.flatMap((glob) => excludeOptions(root, glob)),
			`--directory=${directory}`,
			'--',
			root,
		],
		{ env: environment, stdio: ['ignore', 'pipe', 'pipe'], signal },
	);
	const failures: TarFinding[] = [];
	let warnings = 0;
	const ended = ending(child, (finding) => {
		if (finding.severity === 'failure') failures.push(finding);
		else {
			warnings += 1;
			onWarning(finding);
		}
	});
	ended.catch(() => undefined);
	try {
		for await (const chunk of child.stdout) yield chunk as Buffer;
		const code = await ended;
		const failure = failures[0];
		// tar also exits 2 for entries that vanished before it could open them, which is only a warning here.
		const explained = code < 2 || (code === 2 && warnings > 0);
		if (failure || !explained) {
			throw new BackupError('source_unreadable', failure?.message ?? `tar ended with exit code ${code}`, {
				hint: 'The engine must be able to read every file; exclude what need not be backed up.',
			});
		}
	} finally {
		child.kill('SIGKILL');
		await ended.catch(() => undefined);
	}
}

/** A pattern with a leading slash is anchored at the volume's root; others match at any depth. */
function excludeOptions(root: string, glob: string): string[] {
	return glob.startsWith('/')
		? ['--anchored', '--no-wildcards-match-slash', `--exclude=${root}${glob}`]
		: ['--no-anchored', '--wildcards-match-slash', `--exclude=${glob}`];
}

export interface TreeWriter {
	/** Respects tar's pace. */
	write(chunk: Buffer): Promise<void>;
	/** Resolves when tar has written everything; throws when it could not. */
	end(): Promise<void>;
	/** Ends tar at once; what it wrote stays. */
	kill(): Promise<void>;
}

/** Extracts a tar stream below `directory`; only `members` when there are any. */
export function writeTree(
	directory: string,
	options: { members: readonly string[]; stripComponents: number },
	signal: AbortSignal,
	onWarning: (finding: TarFinding) => void,
): TreeWriter {
	const child = spawn(
		'tar',
		[
			'--extract',
			'--file=-',
			'--same-owner',
			'--same-permissions',
			'--delay-directory-restore',
			'--quoting-style=escape',
			...fidelity,
			`--directory=${directory}`,
			`--strip-components=${options.stripComponents}`,
			'--',
			...options.members,
		],
		{ env: environment, stdio: ['pipe', 'ignore', 'pipe'], signal },
	);
	const failures: TarFinding[] = [];
	const ended = ending(child, (finding) =>
		finding.severity === 'failure' ? failures.push(finding) : onWarning(finding),
	);
	ended.catch(() => undefined);
	// A broken pipe only says that tar ended early; its exit says why.
	child.stdin.on('error', () => undefined);
	const finish = async () => {
		const code = await ended;
		const failure = failures[0];
		if (failure || code !== 0)
			throw extractionFailure(failure?.message ?? `tar ended with exit code ${code}`);
	};
	return {
		async write(chunk) {
			if (child.stdin.write(chunk)) return;
			await Promise.race([new Promise((resolve) => child.stdin.once('drain', resolve)), ended]);
			if (child.exitCode !== null && child.exitCode !== 0) await finish();
		},
		async end() {
			child.stdin.end();
			await finish();
		},
		async kill() {
			child.kill('SIGKILL');
			await ended.catch(() => undefined);
		},
	};
}

function extractionFailure(message: string): BackupError {
	if (/No space left on device|Disk quota exceeded/.test(message)) {
		return new BackupError('target_full', `the target is full: ${message}`, {
			hint: 'Free space there, or choose another target.',
		});
	}
	return new BackupError('target_failed', `the target could not be written: ${message}`);
}

type Child = ChildProcessByStdio<Writable | null, Readable | null, Readable>;

/** Exit code, once every line of stderr was seen; rejects when tar could not run or was aborted. */
async function ending(child: Child, onFinding: (finding: TarFinding) => void): Promise<number> {
	const lines = createInterface({ input: child.stderr });
	lines.on('line', (line) => {
		const finding = readTarMessage(line);
		if (finding && finding.severity !== 'ignore') onFinding(finding);
	});
	const read = new Promise<void>((resolve) => lines.once('close', resolve));
	const code = await new Promise<number>((resolve, reject) => {
		child.once('error', reject);
		child.once('close', (exit, killedBy) => resolve(exit ?? (killedBy === null ? 1 : 137)));
	});
	await read;
	return code;
}
