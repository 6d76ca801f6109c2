/** The program is scripted: what a real pg_restore does, when it is killed too, the integration tests show. */
import { PassThrough, Readable, Writable } from 'node:stream';
import type { ExecProcess } from '../../../../docker/exec';
import { feedRestore, type Feeding } from '../../../../operations/postgres/feed-restore';
import { systemClock } from '../../../../protocol/clock';

interface Script {
	readonly program: ExecProcess;
	readonly taken: Buffer[];
	killed(): boolean;
	exit(code: number, stderr?: string): void;
}

/** Takes chunks as long as `take` says so. */
function script(take: (script: Script, chunk: Buffer, done: () => void) => void): Script {
	const stderr = new PassThrough();
	const { promise: exited, resolve } = Promise.withResolvers<number>();
	let killed = false;
	const stdin = new Writable({
		highWaterMark: 1,
		write: (chunk: Buffer, _encoding, done) => take(self, chunk, done),
		final: (done) => {
			self.exit(0);
			done();
		},
	});
	const self: Script = {
		taken: [],
		killed: () => killed,
		exit: (code, said = '') => {
			stderr.end(said);
			setImmediate(() => {
				resolve(code);
				if (code !== 0) stdin.destroy();
			});
		},
		program: {
			stdin,
			stdout: new PassThrough(),
			stderr,
			exited,
			kill: async () => {
				killed = true;
				self.exit(143);
			},
		},
	};
	return self;
}

const pieces = Array.from({ length: 50 }, (_, n) => Buffer.from(`piece ${n};`));
const content = () => Readable.from(pieces, { objectMode: false });

const feeding = (changes: Partial<Feeding> = {}): Feeding => ({
	clock: systemClock,
	signal: new AbortController().signal,
	stallLimitMs: 60_000,
	isWorking: async () => false,
	...changes,
});

const feed = (to: Script, from: Readable, changes: Partial<Feeding> = {}) =>
	feedRestore(async () => to.program, from, feeding(changes));

test('everything in its order, at the pace of whoever takes it', async () => {
	let open = 0;
	const slow = script(({ taken }, chunk, done) => {
		expect((open += 1)).toBe(1);
		taken.push(chunk);
		setImmediate(() => {
			open -= 1;
			done();
		});
	});
	await feed(slow, content());
	expect(Buffer.concat(slow.taken)).toEqual(Buffer.concat(pieces));
	expect(slow.killed()).toBe(true);
});

test('what a program that ended well does not want is read to its end, so that it was found right', async () => {
	const early = script((self, chunk, done) => {
		self.taken.push(chunk);
		if (self.taken.length === 3) self.exit(0);
		else done();
	});
	let read = 0;
	await feed(
		early,
		Readable.from(
			(function* () {
				for (const piece of pieces) yield ((read += 1), piece);
			})(),
			{ objectMode: false },
		),
	);
	expect(read).toBe(pieces.length);
	const bad = script((self, _chunk, done) => (self.exit(0), done()));
	const damaged = Readable.from(
		(function* () {
			yield* pieces;
			throw new Error('damaged at its end');
		})(),
	);
	await expect(feed(bad, damaged)).rejects.toThrow('damaged at its end');
});

test('a failure tells what was said first, without the statement', async () => {
	const failing = script((self) =>
		self.exit(
			1,
			'pg_restore: while PROCESSING TOC:\npg_restore: error: could not execute query: ERROR:  role "al ice" does not exist\nCommand was: SECRET\n',
		),
	);
	const from = content();
	await expect(feed(failing, from)).rejects.toMatchObject({
		code: 'target_failed',
		message: 'pg_restore failed (exit 1): could not execute query: ERROR:  role "al ice" does not exist',
		hint: expect.stringContaining('globals'),
	});
	expect(from.destroyed).toBe(true);
});

test('content that fails kills the program, and is what failed', async () => {
	const waiting = script((_self, _chunk, done) => done());
	const broken = Readable.from(
		(function* () {
			yield pieces[0]!;
			throw new Error('the runner died');
		})(),
	);
	await expect(feed(waiting, broken)).rejects.toThrow('the runner died');
	expect(waiting.killed()).toBe(true);
});

test('a stall ends it, but not while the server works', async () => {
	const deaf = script(() => undefined);
	await expect(feed(deaf, content(), { stallLimitMs: 40 })).rejects.toMatchObject({ code: 'timed_out' });
	expect(deaf.killed()).toBe(true);

	let looks = 0;
	const working = script(() => undefined);
	const isWorking = async () => {
		looks += 1;
		if (looks === 5) working.exit(0);
		return true;
	};
	await feed(working, content(), { stallLimitMs: 40, isWorking });
	expect(looks).toBeGreaterThanOrEqual(5);
});

test('a cancel kills the program', async () => {
	const cancel = new AbortController();
	const deaf = script(() => cancel.abort());
	await expect(feed(deaf, content(), { signal: cancel.signal })).rejects.toMatchObject({ code: 'cancelled' });
	expect(deaf.killed()).toBe(true);
});
