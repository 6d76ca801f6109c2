/**
 * Snapshots of a database that is written all the time: each is sound and holds whole transactions only, the writer
 * goes on within its busy time-out, and nothing is left beside the database.
 */
import { lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { docker, json, type lab } from '../cli/lab';
import {
	applicationUser,
	auditBooks,
	bookkeeper,
	closeBooks,
	hasSaid,
	namesIn,
	rootOf,
	type applications,
	type Books,
} from './lab';

/** By journal mode: what may be beside the database while it is written. */
export const journalModes = [
	['wal', ['app.db', 'app.db-shm', 'app.db-wal']],
	['delete', ['app.db', 'app.db-journal']],
] as const;

interface Load {
	readonly mode: 'wal' | 'delete';
	readonly allowed: readonly string[];
	readonly snapshots: number;
	/** Of the database. */
	readonly megabytes: number;
	readonly application: ReturnType<typeof applications>;
	readonly lab: ReturnType<typeof lab>;
}

export interface Outlived extends Books {
	/** Of the database in the end. */
	readonly bytes: number;
}

export async function snapshotUnderLoad({
	mode,
	allowed,
	snapshots,
	megabytes,
	...load
}: Load): Promise<Outlived> {
	const { application, lab } = load;
	const [volume, repository, job] = [await lab.volume('load'), lab.directory(), lab.job()];
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
	const bytes = lstatSync(join(root, 'app.db')).size;

	await docker('start', writer);
	await hasSaid(writer, 'writing');
	const later = await closeBooks(writer);
	expect(later).toMatchObject({ refused: 0 });
	expect(auditBooks(join(root, 'app.db'))).toBe(later.pairs);
	return { ...books, bytes };
}
