import { imageOutcome, postgresOutcome, sqliteOutcome } from '../../../../nodes/Restore/perform';
import { exampleRecord } from '../example-record';

const at = Date.UTC(2026, 1, 1);
const head = { id: exampleRecord.id, job: 'nightly', series: 'volumes' };
const tail = { durationMs: 20, at: '2026-02-01T00:00:00.000Z', record: exampleRecord };

const postgres = {
	record: exampleRecord,
	trust: 'signed',
	database: 'shop__restore_1',
	previousDatabase: null,
	tables: 3,
	warnings: ['the role "x" does not exist'],
	dryRun: false,
	steps: ['create database shop__restore_1'],
	durationMs: 20,
} as const;

test('a database: what was made, and its warnings as hints', () => {
	const { record: _, durationMs: __, ...facts } = postgres;
	expect(postgresOutcome(postgres, at)).toEqual({
		outcomes: [{ data: { ...head, ...facts, ...tail } }],
		hints: ['the role "x" does not exist'],
	});
	expect(postgresOutcome({ ...postgres, dryRun: true }, at).hints).toEqual([
		'This was a dry run: nothing was changed.',
		'the role "x" does not exist',
	]);
});

test('a SQLite file: what was written', () => {
	const facts = {
		trust: 'signed',
		place: { type: 'volume', name: 'app' },
		path: 'app.db.restore.1',
		previousPath: null,
		tables: 2,
		bytes: 8192,
		restarted: [],
		dryRun: false,
	} as const;
	expect(sqliteOutcome({ ...facts, record: exampleRecord, durationMs: 20 }, at)).toEqual({
		outcomes: [{ data: { ...head, ...facts, ...tail } }],
		hints: [],
	});
});

describe('images', () => {
	const reference = { reference: 'app:1', id: 'sha256:1', previousId: null, present: false };
	const facts = { trust: 'signed', references: [reference], bytes: 9, dryRun: false } as const;
	const outcome = (changes: object = {}) =>
		imageOutcome({ ...facts, ...changes, record: exampleRecord, durationMs: 20 }, at);

	test('what was loaded', () => {
		expect(outcome()).toEqual({ outcomes: [{ data: { ...head, ...facts, ...tail } }], hints: [] });
	});

	test.each([
		[{ dryRun: true }, ['This was a dry run: nothing was changed.']],
		[
			{ references: [{ ...reference, previousId: 'sha256:1', present: true }] },
			['All images of the backup are on the host already.'],
		],
		[
			{ references: [{ ...reference, previousId: 'sha256:0' }] },
			['app:1 meant another image before: sha256:0.'],
		],
	])('%j is told above it', (changes, hints) => {
		expect(outcome(changes).hints).toEqual(hints);
	});
});
