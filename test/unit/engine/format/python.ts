/** A Python 3 that has `cryptography`: the tests of docs/recover.py and of the vectors' second writer run it. */
import { spawnSync } from 'node:child_process';

export interface Finished {
	readonly status: number | null;
	readonly stdout: Buffer;
	readonly stderr: string;
}

let found: string | undefined;

export function python(args: readonly string[]): Finished {
	found ??= find();
	return run(found, args);
}

function find(): string {
	// The system's own first: another one earlier in PATH rarely has the module.
	const candidates = ['/usr/bin/python3', 'python3'];
	const usable = candidates.find((name) => run(name, ['-c', 'import cryptography']).status === 0);
	if (!usable) {
		throw new Error('no python3 can import cryptography; on Debian: apt-get install python3-cryptography');
	}
	return usable;
}

function run(command: string, args: readonly string[]): Finished {
	const { status, stdout, stderr } = spawnSync(command, args, { maxBuffer: 64 * 1024 * 1024 });
	return { status, stdout: stdout ?? Buffer.alloc(0), stderr: String(stderr ?? '') };
}
