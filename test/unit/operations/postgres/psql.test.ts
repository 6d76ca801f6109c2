import { PassThrough, Writable } from 'node:stream';
import type { ExecProcess } from '../../../../docker/exec';
import { PostgresError } from '../../../../operations/postgres/failures';
import { sessionOver, tailOf } from '../../../../operations/postgres/psql';

const place = { containerName: 'db', user: 'postgres', database: 'shop' };
const good = (...rows: string[]) => [...rows, 'docker-backup-answer false 00000', '', 'docker-backup-answer'];
const bad = (sqlState: string, ...message: string[]) => [
	`docker-backup-answer true ${sqlState}`,
	...message,
	'docker-backup-answer',
];

/** A psql as far as its streams go: gives its answers one after the other, each once it was asked. */
function psql(answers: readonly (readonly string[])[], { stderr = '', pieces = 0 } = {}) {
	const asked: string[] = [];
	const [stdout, errors] = [new PassThrough(), new PassThrough()];
	errors.end(stderr);
	let killed = 0;
	const stdin = new Writable({
		write(chunk: Buffer, _encoding, done) {
			const answer = answers[asked.push(chunk.toString()) - 1];
			if (answer === undefined) stdout.end();
			else {
				const bytes = Buffer.from(answer.map((line) => `${line}\n`).join(''));
				for (let at = 0; at < bytes.length; at += pieces || bytes.length)
					stdout.write(bytes.subarray(at, at + (pieces || bytes.length)));
			}
			done();
		},
	});
	const process: ExecProcess = {
		stdin,
		stdout,
		stderr: errors,
		exited: Promise.resolve(2),
		async kill() {
			killed += 1;
			stdout.destroy();
		},
	};
	const { signal } = new AbortController();
	return { asked, session: sessionOver(process, place, 5000, signal), kills: () => killed };
}

test.each([0, 1, 2, 7])('rows are objects, in whatever pieces (%d bytes) they come', async (pieces) => {
	const rows = ['{"a":1,"text":"größe 日本"}', '{"a":2,"text":"docker-backup-answer"}'];
	const { session, asked } = psql([good(...rows), good()], { pieces });
	expect(await session.query('select 1 -- with a comment')).toEqual(
		rows.map((row) => JSON.parse(row) as object),
	);
	expect(await session.query('select 2')).toEqual([]);
	expect(asked[0]).toContain('select pg_catalog.row_to_json(q) from (\nselect 1 -- with a comment\n) q;\n');
});

test('answers come in the order of the questions, and one that failed leaves the session usable', async () => {
	const { session } = psql([
		good('{"n":1}'),
		bad('42P01', 'relation "x" does not exist', 'LINE 1: x'),
		good('{"n":3}'),
	]);
	const settled = await Promise.allSettled(['1', '2', '3'].map((sql) => session.query(sql)));
	expect(settled).toMatchObject([
		{ value: [{ n: 1 }] },
		{
			reason: {
				code: 'source_failed',
				sqlState: '42P01',
				message: 'database "shop" in container "db": relation "x" does not exist (42P01)',
			},
		},
		{ value: [{ n: 3 }] },
	]);
});

test('a row that is no JSON, or no object, is an error of the source', async () => {
	for (const row of ['{"a":', '7', 'null']) {
		const { session } = psql([good(row)]);
		await expect(session.query('select')).rejects.toMatchObject({ code: 'source_failed' });
	}
});

test('a psql that ends says why it could not connect', async () => {
	const stderr =
		'psql: error: connection to server failed: FATAL:  password authentication failed for user "postgres"';
	const { session } = psql([], { stderr });
	await expect(session.execute('select 1')).rejects.toMatchObject({ code: 'database_login_failed' });
});

test('an answer that is broken off is no answer', async () => {
	const { session } = psql([['{"n":1}'], []]);
	const first = session.query('select 1', { limitMs: 50 });
	await expect(first).rejects.toMatchObject({ code: 'timed_out' });
	// Its answer could still come: the program is ended.
	await expect(session.query('select 2')).rejects.toBeInstanceOf(PostgresError);
});

test('one that takes too long is killed', async () => {
	const { session, kills } = psql([[]]);
	await expect(session.query('select 1', { limitMs: 20 })).rejects.toMatchObject({
		code: 'timed_out',
		message: 'a query in database "shop" of container "db" took longer than 0.02 s',
	});
	expect(kills()).toBe(1);
});

test.each([
	[[], ''],
	[['ab', 'cd'], 'abcd'],
	[['abc', 'd'], 'abcd'],
	[['abc', 'de'], 'bcde'],
	[['abcdefgh'], 'efgh'],
])('of %j the last four bytes are kept', async (chunks, kept) => {
	const source = new PassThrough();
	const tail = tailOf(source, 4);
	for (const chunk of chunks) source.write(chunk);
	source.end();
	await new Promise((resolve) => source.once('end', resolve));
	expect(tail()).toBe(kept);
});
