import { PassThrough } from 'node:stream';
import { takeLine } from '../../../docker/exec-lines';
import { guardScript, parseId, programScript } from '../../../docker/exec-script';

const rest = async (stream: PassThrough) => {
	stream.end();
	const chunks: Buffer[] = [];
	for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
	return Buffer.concat(chunks).toString();
};

test.each([
	['at once', ['docker-backup-exec 17\nafter\n']],
	['in pieces', ['docker-back', 'up-exec 1', '7\naft', 'er\n']],
	['behind warnings', ['sh: warning\n\ndocker-backup-exec 17\nafter\n']],
	['byte by byte', [...'docker-backup-exec 17\nafter\n']],
])('the line is found %s, and nothing behind it is lost', async (_how, pieces) => {
	const stream = new PassThrough();
	const found = takeLine(stream, parseId, 10_000);
	for (const piece of pieces) {
		stream.write(piece);
		await new Promise(setImmediate);
	}
	expect(await found).toBe('17');
	expect(await rest(stream)).toBe('after\n');
});

test('a stream without it ends, fails, is too long, or is aborted', async () => {
	const ended = new PassThrough();
	ended.end('docker-backup-exec 17');
	expect(await takeLine(ended, parseId, 10_000)).toBeUndefined();

	const broken = new PassThrough();
	const failing = takeLine(broken, parseId, 10_000);
	broken.destroy(new Error('lost'));
	await expect(failing).rejects.toThrow('lost');

	const long = new PassThrough({ highWaterMark: 1 << 20 });
	long.write('x'.repeat((64 << 10) + 1));
	await expect(takeLine(long, parseId, 10_000)).rejects.toMatchObject({ code: 'docker_failed' });

	const reason = new Error('no');
	const aborting = new AbortController();
	const waiting = takeLine(new PassThrough(), parseId, 10_000, aborting.signal);
	aborting.abort(reason);
	await expect(waiting).rejects.toBe(reason);

	await expect(takeLine(new PassThrough(), parseId, 20)).rejects.toMatchObject({ code: 'timed_out' });
});

test.each([
	'docker-backup-exec',
	'docker-backup-exec x',
	' docker-backup-exec 1',
	'docker-backup-exec 1 2',
	'',
])('%j is no id', (line) => expect(parseId(line)).toBeUndefined());

test('busybox knows neither "kill --" nor "exec --"', () => {
	for (const script of [programScript(true), programScript(false), guardScript]) {
		expect(script).not.toMatch(/(kill|exec)\b[^;\n]* -- /);
	}
});
