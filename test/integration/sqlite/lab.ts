/** Applications with SQLite databases, each a container of its own with its volume, as another user than root. */
import { chownSync, mkdirSync, readdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { image } from '../docker/lab';
import { docker, mountpoint, unique, until } from '../cli/lab';

export const applicationUser = 1000;

/** Containers that are removed when the test file ends; call it before the CLI's `lab`, whose volumes they use. */
export function applications() {
	const containers: string[] = [];
	afterAll(async () => {
		if (containers.length > 0) await docker('rm', '-f', ...containers);
	});
	return async (volume: string, program: string): Promise<string> => {
		const name = unique('app');
		containers.push(name);
		const user = String(applicationUser);
		const run = ['run', '-d', '--init', '--name', name, '-u', `${user}:${user}`, '-v', `${volume}:/data`];
		await docker(...run, image, 'node', '--no-warnings', '-e', program);
		return name;
	};
}

/** A volume's root that the application may write. */
export async function rootOf(volume: string): Promise<string> {
	const root = await mountpoint(volume);
	mkdirSync(root, { recursive: true });
	chownSync(root, applicationUser, applicationUser);
	return root;
}

export const said = (container: string): Promise<string> => docker('logs', container);

export const hasSaid = (container: string, words: string): Promise<boolean> =>
	until(`${words} of ${container}`, async () => (await said(container)).includes(words));

/**
 * Books money from one account to another, one transaction after the other: both rows or none. Tells, when it is
 * stopped, how many and how long one took at most. `fill`: MB that the database has in the beginning.
 */
export const bookkeeper = (mode: 'wal' | 'delete', fill: number): string => `
	const { DatabaseSync } = require('node:sqlite');
	const db = new DatabaseSync('/data/app.db');
	db.exec('PRAGMA journal_mode = ${mode}; PRAGMA busy_timeout = 5000; PRAGMA synchronous = NORMAL');
	db.exec('CREATE TABLE IF NOT EXISTS booking (id INTEGER PRIMARY KEY, pair INTEGER, amount INTEGER)');
	db.exec('CREATE INDEX IF NOT EXISTS by_pair ON booking (pair, amount)');
	db.exec('CREATE TABLE IF NOT EXISTS filling (a BLOB)');
	db.exec('CREATE TABLE IF NOT EXISTS total (pairs INTEGER)');
	if (!db.prepare('SELECT count(*) AS n FROM total').get().n) {
		db.exec('INSERT INTO total VALUES (0)');
		for (let i = 0; i < ${fill} * 16; i++) db.exec('INSERT INTO filling VALUES (randomblob(65536))');
	}
	const book = db.prepare('INSERT INTO booking (pair, amount) VALUES (?, ?)');
	const count = db.prepare('UPDATE total SET pairs = pairs + 1');
	let { pairs } = db.prepare('SELECT pairs FROM total').get();
	let longestMs = 0;
	let refused = 0;
	let ended = false;
	process.on('SIGTERM', () => (ended = true));
	console.log('writing');
	(async () => {
		while (!ended) {
			const started = performance.now();
			const amount = 1 + (pairs % 1000);
			try {
				db.exec('BEGIN IMMEDIATE');
				book.run(pairs, amount);
				book.run(pairs, -amount);
				count.run();
				db.exec('COMMIT');
				pairs += 1;
			} catch (error) {
				refused += 1;
				console.log('refused: ' + error.message);
				if (db.isTransaction) db.exec('ROLLBACK');
			}
			longestMs = Math.max(longestMs, performance.now() - started);
			await new Promise((resolve) => setTimeout(resolve, 2));
		}
		db.close();
		console.log(JSON.stringify({ pairs, longestMs: Math.round(longestMs), refused }));
	})();
`;

export interface Books {
	readonly pairs: number;
	readonly longestMs: number;
	readonly refused: number;
}

/** Stops a bookkeeper, which tells what it did. */
export async function closeBooks(container: string): Promise<Books> {
	await docker('stop', '-t', '20', container);
	const last = (await said(container)).trim().split('\n').at(-1) ?? '';
	return JSON.parse(last) as Books;
}

/** Sound, and every booking whole; how many pairs. */
export function auditBooks(path: string): number {
	const db = new DatabaseSync(path, { readOnly: true });
	try {
		expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
		const broken = 'SELECT pair FROM booking GROUP BY pair HAVING count(*) <> 2 OR sum(amount) <> 0';
		expect(db.prepare(broken).all()).toEqual([]);
		const { pairs } = db.prepare('SELECT pairs FROM total').get() as { pairs: number };
		expect(db.prepare('SELECT count(*) AS n FROM booking').get()).toEqual({ n: 2 * pairs });
		return pairs;
	} finally {
		db.close();
	}
}

/** What a volume holds, without what its application may have at the moment. */
export const namesIn = (root: string): string[] => readdirSync(root).sort();
