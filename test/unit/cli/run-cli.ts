/** Runs a command of the CLI in this process, between streams that keep what was written. */
import { Writable } from 'node:stream';
import { run } from '../../../cli/run';
import { fakeClock } from '../../fakes/clock';
import { fakeRandom } from '../../fakes/random';

export interface Ran {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

export interface RunOptions {
	readonly env?: Readonly<Record<string, string>>;
	readonly directory?: string;
	readonly stdout?: Writable & { isTTY?: boolean };
	readonly stderr?: Writable;
}

export class Kept extends Writable {
	readonly chunks: Buffer[] = [];
	isTTY = false;
	override _write(chunk: Buffer, _encoding: string, done: () => void): void {
		this.chunks.push(chunk);
		done();
	}
	get bytes(): Buffer {
		return Buffer.concat(this.chunks);
	}
}

/** A stream on which every write fails with this code, as a closed pipe or a full disk does. */
export function broken(code: string): Writable {
	const stream = new Writable({
		write: (_chunk, _encoding, done) => done(Object.assign(new Error(`write ${code}`), { code })),
	});
	return stream.on('error', () => undefined);
}

export async function runCli(line: readonly string[], options: RunOptions = {}): Promise<Ran> {
	const stdout = options.stdout ?? new Kept();
	const stderr = options.stderr ?? new Kept();
	const code = await run(line, {
		env: options.env ?? {},
		directory: options.directory ?? '/nowhere',
		stdout,
		stderr,
		clock: fakeClock(),
		random: fakeRandom(),
		signal: new AbortController().signal,
		version: '1.2.3',
	});
	const text = (stream: Writable) => (stream instanceof Kept ? stream.bytes.toString() : '');
	return { code, stdout: text(stdout), stderr: text(stderr) };
}
