/** The engine in a worker thread of this process, behind the same streams as a runner. */
import { Worker } from 'node:worker_threads';
import type { EngineExit, EngineProcess } from '../protocol/engine-process';

export function startWorker(engineSource: string): EngineProcess {
	const worker = new Worker(engineSource, { eval: true, stdin: true, stdout: true, stderr: true });
	const { stdin } = worker;
	if (!stdin) throw new Error('a worker with a piped stdin has none');
	let error: string | null = null;
	worker.on('error', (thrown: Error) => (error = thrown.message));
	const exited = new Promise<EngineExit>((resolve) => {
		worker.once('exit', (exitCode) => resolve({ exitCode, outOfMemory: false, error }));
	});
	const stop = async () => {
		await worker.terminate();
	};
	return { stdin, stdout: worker.stdout, stderr: worker.stderr, exited, stop, dispose: stop };
}
