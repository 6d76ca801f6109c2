/**
 * The engine's jobs in this process, on any storage, behind the same streams as in a runner: so a storage that
 * fails at call N, or lives in memory, meets the real conversation.
 */
import { PassThrough } from 'node:stream';
import { Conversation } from '../../engine/conversation';
import type { Engine } from '../../engine/environment';
import type { Storage } from '../../engine/repository/storage';
import { introduce, type Introduced, type KeysOfRun } from '../../operations/introduce';
import type { Keyring } from '../../operations/keyring';
import { converse, type Session } from '../../operations/session';
import type { OperationContext, RepositorySettings } from '../../operations/settings';
import { systemClock } from '../../protocol/clock';
import type { EngineProcess } from '../../protocol/engine-process';
import { toBackupError } from '../../protocol/errors';
import type { OperationEvent } from '../../operations/settings';
import { systemRandom } from '../../protocol/random';

export interface TestContext extends OperationContext {
	/** Everything that the engine said. */
	readonly told: OperationEvent[];
}

export function testContext(signal: AbortSignal = new AbortController().signal): TestContext {
	const told: OperationEvent[] = [];
	return {
		told,
		clock: systemClock,
		random: systemRandom,
		signal,
		workflow: null,
		onEvent: (event) => told.push(event),
	};
}

type Run = (engine: Engine, stdout: PassThrough) => Promise<void>;

function startInProcess(run: Run, storage: Storage): EngineProcess {
	const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
	const conversation = new Conversation(stdin, stderr, systemClock);
	const work = async () => {
		let exitCode = 0;
		try {
			await conversation.receive('job');
			await run({ conversation, storage, clock: systemClock, random: systemRandom }, stdout);
		} catch (thrown) {
			const { code, message, hint, exitCode: failed } = toBackupError(thrown);
			exitCode = failed;
			conversation.say({ event: 'failure', code, message, hint: hint ?? null });
		} finally {
			conversation.close();
			stdout.end();
			stderr.end();
		}
		return { exitCode, outOfMemory: false, error: null };
	};
	const exited = work();
	const stop = async () => {
		stdin.end();
		await exited;
	};
	return { stdin, stdout, stderr, exited, stop, dispose: stop };
}

/** One job, from the repository's introduction to its end. */
export async function inProcess<T>(
	run: Run,
	storage: Storage,
	repository: RepositorySettings,
	body: (session: Session, introduced: Introduced) => Promise<T>,
	keysFor?: (keyring: Keyring) => KeysOfRun,
	context: OperationContext = testContext(),
): Promise<T> {
	return await converse(
		context,
		async () => startInProcess(run, storage),
		async (session) => {
			session.send('job', {});
			return await body(session, await introduce(session, repository, context, keysFor));
		},
	);
}
