import { entriesTable, entryFacts, resultLine } from '../../../../cli/output/records';
import type { CatalogEntry } from '../../../../operations/index';
import { failedRecord, sampleRecord } from '../../../fakes/record';

const record = sampleRecord({
	sizeBytes: 12_345_678,
	contentBytes: 45_600_000,
	entries: 74_645,
	durationMs: 18_250,
});
const stated = { held: null, deleting: false, verifications: [] } as const;
const good = {
	status: 'success',
	id: record.id,
	job: record.job,
	trust: 'signed',
	record,
	...stated,
} as const;
const failure = failedRecord({
	id: 'weekly-20260130T030000Z-0a0b',
	job: 'weekly',
	error: { code: 'source_unreadable', message: "volumes/data/x can't be read", hint: 'Look at its disk.' },
	durationMs: 950,
	entries: null,
});
const bad: CatalogEntry = {
	status: 'failed',
	id: failure.id,
	job: failure.job,
	trust: 'unsigned',
	record: failure,
	...stated,
};
const running: CatalogEntry = {
	status: 'running',
	id: 'nightly-20260201T030000Z-2c2d',
	job: 'nightly',
	run: {
		id: 'nightly-20260201T030000Z-2c2d',
		runId: 'r2',
		job: 'nightly',
		series: 'volumes',
		seq: 2,
		kind: 'volume',
		archiveId: '00'.repeat(16),
		startedAt: '2026-02-01T03:00:00.500Z',
		host: 'host-a',
	},
};
const unreadable: CatalogEntry = {
	status: 'unreadable',
	id: 'nightly-20260101T030000Z-ffff',
	job: 'nightly',
	...stated,
	problem: 'record is not\u001b JSON',
};

test('the table', () => {
	expect(entriesTable([running, good, bad, unreadable])).toBe(
		[
			'id                             job      status      trust        size  content  entries  started               duration',
			'nightly-20260201T030000Z-2c2d  nightly  running     -               -        -        -  2026-02-01 03:00:00Z         -',
			'nightly-20260131T030000Z-1f2e  nightly  success     signed    12.3 MB  45.6 MB   74,645  2026-01-31 03:00:00Z    18.3 s',
			'weekly-20260130T030000Z-0a0b   weekly   failed      unsigned        -        -        -  2026-01-31 03:00:00Z    0.95 s',
			'nightly-20260101T030000Z-ffff  nightly  unreadable  -               -        -        -  -                            -',
			'nightly-20260101T030000Z-ffff: record is not\\x1b JSON',
			'',
		].join('\n'),
	);
	expect(entriesTable([])).toBe('no records\n');
});

test('holds and deletions show', () => {
	const held = { since: '2026-02-01T10:00:00.000Z', reason: 'for the audit\n' };
	const rows = entriesTable([
		{ ...good, held },
		{ ...good, held, deleting: true },
	]).split('\n');
	expect(rows[1]).toContain(' success, held           signed');
	expect(rows[2]).toContain(' success, being deleted  signed');
	const text = entryFacts({ ...good, held, deleting: true });
	expect(text).toMatch(
		/\nheld +since 2026-02-01 10:00:00Z: for the audit\\x0a\ndeleting +a deletion has begun/,
	);
	expect(entryFacts({ ...unreadable, held: { ...held, reason: '' } })).toMatch(
		/\nheld +since 2026-02-01 10:00:00Z\n$/,
	);
});

test('the facts of a good record', () => {
	const text = entryFacts(good);
	expect(text).toMatch(/^id +nightly-20260131T030000Z-1f2e\njob +nightly\n/);
	expect(text).toMatch(/\nstatus +success\ntrust +signed\n/);
	expect(text).toMatch(/\nsize +12\.3 MB \(12,345,678 bytes\)\n/);
	expect(text).toMatch(/\ncompression +zstd level 1\n/);
	expect(text).toMatch(/\nencrypted +no\n/);
	expect(text).toMatch(/\nsha256 +(ab){32}\n/);
	expect(text).not.toMatch(/\n(error|hint|anomaly|workflow|tags|downtime|warnings?) /);
});

test('the facts of a failed record, of one with everything, and of what has no record', () => {
	expect(entryFacts(bad)).toMatch(
		/\nerror +source_unreadable: volumes\/data\/x can't be read\nhint +Look at its disk\.\n/,
	);
	const full = sampleRecord({
		encrypted: true,
		keyId: 'dd947a45907dfc9f',
		kdf: { id: 'scrypt', logN: 17, salt: '00'.repeat(16) },
		compression: { algorithm: 'none', level: null },
		tags: ['a', 'b'],
		downtimeMs: 2500,
		warnings: [{ code: 'file_changed', message: 'x changed\n', path: 'x' }],
		warningsOmitted: 3,
		anomaly: { reason: 'half the size' },
		workflow: { id: 'w', name: 'Nightly', executionId: '7' },
	});
	const text = entryFacts({ ...good, record: full });
	expect(text).toMatch(/\ncompression +none\nencrypted +with key dd947a45907dfc9f \(passphrase\)\n/);
	expect(text).toMatch(/\ndowntime +2\.50 s\n/);
	expect(text).toMatch(
		/\ntags +a, b\nworkflow +Nightly \(execution 7\)\nanomaly +half the size\nwarning +x changed\\x0a\nwarnings +3 more\n/,
	);
	expect(entryFacts(running)).toMatch(
		/status +running\nrun +r2\nstarted +2026-02-01 03:00:00Z\nhost +host-a\n$/,
	);
	expect(entryFacts(unreadable)).toMatch(/status +unreadable\nproblem +record is not\\x1b JSON\n$/);
});

test('the line of a result', () => {
	expect(resultLine({ ...record, encrypted: true })).toBe(
		'ok      nightly-20260131T030000Z-1f2e  12.3 MB stored of 45.6 MB, 74,645 entries, 18.3 s\n',
	);
	const warnings = [{ code: 'file_changed', message: 'x', path: 'x' }];
	expect(resultLine({ ...record, warnings })).toMatch(/18\.3 s, not encrypted, 1 warning\n$/);
	expect(resultLine({ ...record, warnings, warningsOmitted: 1233 })).toMatch(/, 1,234 warnings\n$/);
	expect(resultLine(failure)).toBe('failed  weekly-20260130T030000Z-0a0b\n');
});

test('what looks at it found, and what failed in them', () => {
	const drill = {
		level: 'drill',
		pass: false,
		at: '2026-02-01T10:00:00.000Z',
		durationMs: 4200,
		checks: [
			{ name: 'tables', pass: true, expected: '2', actual: '2' },
			{ name: 'select 1\n', pass: false, expected: '= 2', actual: '1' },
		],
		checksOmitted: 1200,
	} as const;
	const deep = { ...drill, level: 'deep', pass: true, checks: [], checksOmitted: 0 } as const;
	expect(entryFacts({ ...good, verifications: [deep, drill] })).toMatch(
		/\nverified +deep passed 2026-02-01 10:00:00Z: 4\.20 s\nverified +drill failed 2026-02-01 10:00:00Z: 1,202 checks, 4\.20 s\nfailed check +select 1\\x0a: 1 instead of = 2\n/,
	);
});

test('what has no entries is not said to have none', () => {
	expect(resultLine({ ...record, entries: null })).toMatch(/MB stored of 45\.6 MB, 18\.3 s/);
});
