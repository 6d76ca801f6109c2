/**
 * A table of 2 GB: dumped, restored on another server, and the same there, by the command alone. Says how long it took
 * and how much memory the command, which relays the dump as n8n does, ever held.
 */
import { lab, start } from '../integration/cli/lab';
import { postgresLab, type TestServer } from '../integration/postgres/lab';
import { watchMemory } from '../processes/peak-memory';

const { directory, job: newJob, keyFile } = lab();
const servers = postgresLab();
const database = 'large';

/** Half of a row compresses well. */
const fill = `create table rows as select g as id, md5(g::text) || md5((g * 7)::text) as random,
	repeat('the same words again ', 4) || g % 1000 as plain from generate_series(1, 12500000) as g;
	alter table rows add primary key (id);`;

async function measured<T>(line: readonly string[], password: string) {
	const started = performance.now();
	const command = start([...line, '--json', '--quiet'], { PGPASSWORD: password });
	const peak = watchMemory(command.process.pid!);
	const { code, stdout, stderr } = await command.ended;
	expect([code, stderr]).toEqual([0, '']);
	const seconds = (performance.now() - started) / 1000;
	return { document: JSON.parse(stdout.toString()) as T, seconds, peakMiB: peak() / 2 ** 20 };
}

/** Length and SHA-256 of a whole `pg_dump` as SQL; two of the same database are equal with one key. */
async function dumped({ run }: TestServer): Promise<string> {
	const line = `pg_dump -U postgres -w --restrict-key=same -d ${database} | tee >(wc -c >&2) | sha256sum`;
	return (await run(['bash', '-o', 'pipefail', '-c', `{ ${line}; } 2>&1`])).toString();
}

test('is the same on another server', async () => {
	const [server, other] = await Promise.all([servers.server(17), servers.start(17)]);
	await server.create(database, fill);
	const size = Number(await server.sql(database, "select pg_total_relation_size('rows')"));
	expect(size).toBeGreaterThan(2e9);
	const at = ['--repository', directory(), '--key-file', keyFile()];

	const from = ['--container', server.container, '--database', database];
	const dump = await measured<{ records: { id: string; sizeBytes: number; status: string }[] }>(
		['backup', 'postgres', ...from, '--job', newJob(), ...at],
		server.password,
	);
	const [record] = dump.document.records;
	expect(record).toMatchObject({ status: 'success' });

	const to = ['--container', other.container, '--to', database];
	const restore = await measured(['restore', 'postgres', record!.id, ...to, ...at], other.password);
	const [before, after] = [await dumped(server), await dumped(other)];
	expect(before).toMatch(/^(\d{10}\s+|[0-9a-f]{64} {2}-\s+){2}$/);
	expect(after).toBe(before);

	console.log(
		[
			`a table of ${(size / 1e9).toFixed(2)} GB, ${(record!.sizeBytes / 1e9).toFixed(2)} GB stored`,
			`dump ${dump.seconds.toFixed(0)} s, at most ${dump.peakMiB.toFixed(0)} MiB resident`,
			`restore ${restore.seconds.toFixed(0)} s, at most ${restore.peakMiB.toFixed(0)} MiB resident`,
		].join('\n'),
	);
	// What Node.js with the command's code takes by itself is about 90 MiB.
	for (const { peakMiB } of [dump, restore]) expect(peakMiB).toBeLessThan(250);
});
