import type { RequestListener } from 'node:http';
import { learnExit } from '../../../docker/exit';
import { cannedDaemon, closeDaemons } from './fake-daemon';

afterEach(closeDaemons);

const id = 'c0ffee';
const wait = `POST /containers/${id}/wait`;
const inspect = `GET /containers/${id}/json`;
const ended = { State: { Running: false, ExitCode: 3, OOMKilled: true, Error: 'words' } };
const runs = { State: { Running: true, ExitCode: 0, OOMKilled: false, Error: '' } };
const never = new AbortController().signal;

/** Answers in turn; the last one stays. */
function inTurn(...answers: (object | RequestListener)[]): RequestListener {
	let turn = 0;
	return (request, response) => {
		const answer = answers[Math.min(turn++, answers.length - 1)]!;
		if (typeof answer === 'function') return (answer as RequestListener)(request, response);
		response.end(JSON.stringify(answer));
	};
}
const breakOff: RequestListener = (_request, response) => void response.write(' ', () => response.destroy());

test('what inspect says after the wait is what counts', async () => {
	const host = await cannedDaemon({ [wait]: { StatusCode: 3 }, [inspect]: ended });
	expect(await learnExit(host, id, never)).toEqual({ exitCode: 3, outOfMemory: true, error: 'words' });
});

test('a container that is gone already has the code that the wait told', async () => {
	let waits = 0;
	const waited: RequestListener = (_request, response) => {
		waits++;
		response.end('{"StatusCode":137}');
	};
	const host = await cannedDaemon({ [wait]: waited });
	const exit = await learnExit(host, id, never);
	expect(waits).toBe(1);
	expect(exit).toEqual({
		exitCode: 137,
		outOfMemory: false,
		error: expect.stringContaining('page not found'),
	});
});

test('a wait that breaks off while the container runs is begun again', async () => {
	const waits = inTurn(breakOff, breakOff, { StatusCode: 3 });
	const host = await cannedDaemon({ [wait]: waits, [inspect]: inTurn(runs, runs, ended) });
	expect(await learnExit(host, id, never)).toEqual({ exitCode: 3, outOfMemory: true, error: 'words' });
});

test('a wait that breaks off after the container ended is enough', async () => {
	const host = await cannedDaemon({ [wait]: breakOff, [inspect]: ended });
	expect(await learnExit(host, id, never)).toMatchObject({ exitCode: 3 });
});

test('a daemon that is gone leaves the code unknown, and rejects nothing', async () => {
	const host = await cannedDaemon({ [wait]: breakOff, [inspect]: breakOff });
	const exit = await learnExit(host, id, never);
	expect(exit).toEqual({
		exitCode: -1,
		outOfMemory: false,
		error: expect.stringContaining('closed the connection'),
	});
});

test('an abort ends the waiting, and the container is asked once more', async () => {
	const controller = new AbortController();
	const hang: RequestListener = () => setTimeout(() => controller.abort(), 20);
	const host = await cannedDaemon({ [wait]: hang, [inspect]: ended });
	expect(await learnExit(host, id, controller.signal)).toMatchObject({ exitCode: 3 });
});

test('an abort ends the waiting for a container that runs on', async () => {
	const controller = new AbortController();
	const hang: RequestListener = () => setTimeout(() => controller.abort(), 20);
	const host = await cannedDaemon({ [wait]: hang, [inspect]: runs });
	expect(await learnExit(host, id, controller.signal)).toMatchObject({ exitCode: -1 });
});
