/**
 * Snapshots of a database that is written all the time, with a write-ahead log and with a rollback journal: each is
 * sound and holds whole transactions only, the writer goes on within its busy time-out, and nothing is left beside the
 * database. SQLITE_SNAPSHOTS=200 makes it 200 of each; SQLITE_MEGABYTES sets the size.
 */
import { lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { docker, json, lab } from '../cli/lab';
import {
	applications,
	applicationUser,
	auditBooks,
	bookkeeper,
	closeBooks,
	hasSaid,
	namesIn,
	rootOf,
} from './lab';

const application = applications();
const { directory, job: newJob, volume: newVolume } = lab();
const snapshots = Number(process.env['SQLITE_SNAPSHOTS'] ?? '12');
const megabytes = Number(process.env['SQLITE_MEGABYTES'] ?? '4');

test.each([
	['wal', ['app.db', 'app.db-shm', 'app.db-wal']],
	['delete', ['app.db', 'app.db-journal']],
] as const)(
	'with journal mode %s',
	async (mode, allowed) => {
		const [volume, repository, job] = [await newVolume('load'), directory(), newJob()];
		const root = await rootOf(volume);
		const writer = await application(volume, bookkeeper(mode, megabytes));
		await hasSaid(writer, 'writing');
		const line = ['backup', 'sqlite', '--volume', volume, '--path', 'app.db', '--job', job];
		const how = ['--repository', repository, '--no-encrypt', '--level', '0'];
		let last = 0;
		for (let count = 0; count < snapshots; count++) {
			const { records } = await json<{
				records: { status: string; filePath: string; contentBytes: number }[];
			}>([...line, ...how]);
			expect(records).toMatchObject([{ status: 'success', kind: 'sqlite', consistency: 'snapshot' }]);
			const path = join(repository, records[0]?.filePath ?? '');
			const pairs = auditBooks(path);
			expect(pairs).toBeGreaterThan(last);
			last = pairs;
			rmSync(path);
			for (const name of namesIn(root)) {
				expect(allowed).toContain(name);
				// A transaction may end, and its journal go, between two looks.
				const facts = lstatSync(join(root, name), { throwIfNoEntry: false });
				if (facts) expect([facts.uid, facts.gid]).toEqual([applicationUser, applicationUser]);
			}
		}
		const books = await closeBooks(writer);
		expect(books.refused).toBe(0);
		expect(books.longestMs).toBeLessThan(5000);
		expect(books.pairs).toBeGreaterThan(last);
		expect(namesIn(root)).toEqual(['app.db']);
		if (process.env['SQLITE_SNAPSHOTS'] !== undefined)
			console.log(`${mode}: ${snapshots} snapshots, ${lstatSync(join(root, 'app.db')).size} bytes`, books);

		await docker('start', writer);
		await hasSaid(writer, 'writing');
		const later = await closeBooks(writer);
		expect(later).toMatchObject({ refused: 0 });
		expect(auditBooks(join(root, 'app.db'))).toBe(later.pairs);
	},
	snapshots * 20_000 + 60_000,
);
