/**
 * One command from its line to its exit code: parse → run → print. Everything that can go wrong ends here
 * as an exit code and, unless its reader is gone, a message; nothing is thrown.
 */
import type { Writable } from 'node:stream';
import { BackupError, toBackupError, type OperationContext } from '../operations/index';
import { helpOf, overview, usageLine } from './help';
import { errorDocument, errorLines } from './output/errors';
import { showProgress, silence, type Display } from './output/progress';
import { findVerb, parseArguments, type Command } from './parse-arguments';
import type { Outcome, Shell, Verb } from './verb';
import { verbs } from './verbs/index';

export interface Surroundings
	extends Pick<OperationContext, 'clock' | 'random' | 'signal'>,
		Omit<Shell, 'context' | 'json'> {
	readonly stderr: Writable & Display;
	readonly version: string;
}

/** As a shell says that the reader of a pipe went away: 128 + SIGPIPE. */
const readerGone = 141;

export async function run(line: readonly string[], surroundings: Surroundings): Promise<number> {
	const { stdout, stderr } = surroundings;
	let json = line.includes('--json');
	let verb: Verb | null = findVerb(line, verbs) ?? null;
	try {
		const command = parseArguments(line, verbs);
		if (command.type !== 'run') {
			await write(stdout, told(command, surroundings.version));
			return 0;
		}
		({ json, verb } = command);
		const { document, text, error } = await runVerb(command, surroundings);
		if (json && document !== null) {
			await write(stdout, jsonLine(error ? { ...document, error: errorDocument(error) } : document));
		} else {
			await write(stdout, text);
			if (error) await write(stderr, errorLines(error));
		}
		return error?.exitCode ?? 0;
	} catch (thrown) {
		if (isBrokenPipe(thrown)) return readerGone;
		const error = toBackupError(thrown);
		const usage = error.exitCode === 2 ? usageLine(verb) : null;
		if (json) await report(stdout, jsonLine({ error: errorDocument(error, usage) }));
		else await report(stderr, errorLines(error, usage));
		return error.exitCode;
	}
}

async function runVerb(
	{ verb, operands, flags, json, quiet }: Extract<Command, { type: 'run' }>,
	surroundings: Surroundings,
): Promise<Outcome> {
	const { stderr, clock, random, signal } = surroundings;
	const progress = quiet ? silence : showProgress(stderr, clock);
	try {
		const context = { clock, random, signal, workflow: null, onEvent: progress.onEvent };
		return await verb.run({ operands, flags }, { ...surroundings, context, json });
	} finally {
		progress.close();
	}
}

function told(command: Exclude<Command, { type: 'run' }>, version: string): string {
	if (command.type === 'version') return `${version}\n`;
	return command.verb === null ? overview(verbs, version) : helpOf(command.verb);
}

const jsonLine = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

/** Throws when the text could not be written whole. */
function write(stream: Writable, text: string): Promise<void> {
	if (text === '') return Promise.resolve();
	return new Promise((resolve, reject) => {
		stream.write(text, (error) => {
			if (!error) return resolve();
			if (isBrokenPipe(error)) return reject(error);
			reject(
				new BackupError('target_failed', `the output can't be written: ${error.message}`, { cause: error }),
			);
		});
	});
}

/** Writes about an error: when not even that can be written, only the exit code is left to tell. */
async function report(stream: Writable, text: string): Promise<void> {
	await write(stream, text).then(undefined, () => undefined);
}

function isBrokenPipe(error: unknown): boolean {
	return error instanceof Error && (error as NodeJS.ErrnoException).code === 'EPIPE';
}
