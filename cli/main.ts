/**
 * The command `docker-backup`: hands the process's line, streams and signals to `run`, and its result back
 * as the exit code. The first SIGINT, SIGTERM or SIGHUP cancels cleanly, the second ends at once; both
 * with 128 + the signal's number.
 */
// First, before anything that an older Node.js could trip over.
import './node-version';
import { constants } from 'node:os';
import { BackupError, exitCodes, systemClock, systemRandom } from '../operations/index';
import { version } from '../package.json';
import { run } from './run';

// What Node.js finds old-fashioned in a bundled library is nothing that a user can act on.
process.noDeprecation = true;
const { stdout, stderr } = process;
const cancel = new AbortController();
let cancelledBy: number | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
	process.on(signal, () => {
		const code = 128 + constants.signals[signal];
		if (cancelledBy !== undefined) process.exit(code);
		cancelledBy = code;
		cancel.abort(new BackupError('cancelled', `the operation was cancelled by ${signal}`));
	});
}
// The write that failed reports it; without a listener it would end the process besides.
for (const stream of [stdout, stderr]) stream.on('error', () => undefined);

const surroundings = {
	env: process.env,
	directory: process.cwd(),
	stdout,
	stderr,
	clock: systemClock,
	random: systemRandom,
	signal: cancel.signal,
	version,
};

void run(process.argv.slice(2), surroundings).then((code) => {
	process.exitCode = code === exitCodes.unexpected && cancelledBy !== undefined ? cancelledBy : code;
});
