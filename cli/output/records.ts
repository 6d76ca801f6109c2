/** Records for people: the table of `list`, the facts of `show`, and a line for each of a backup's results. */
import type { BackupRecord, CatalogEntry } from '../../operations/index';
import { count, duration, entriesOf, size, time } from './figures';
import { pairs, printable, table, type Column } from './layout';

type Stored = Extract<CatalogEntry, { record: BackupRecord }>;

const none = '-';

/** `stored`: how to show it of an entry with a record; other entries have a dash there. */
function column(
	title: string,
	stored: (entry: Stored) => string,
	align: 'left' | 'right' = 'left',
): Column<CatalogEntry> {
	return { title, align, cell: (entry) => ('record' in entry ? stored(entry) : none) };
}

const columns: readonly Column<CatalogEntry>[] = [
	{ title: 'id', align: 'left', cell: ({ id }) => id },
	{ title: 'job', align: 'left', cell: (entry) => ('job' in entry ? entry.job : none) },
	{ title: 'status', align: 'left', cell: statusOf },
	column('trust', ({ trust }) => trust),
	column('size', ({ record }) => (record.status === 'failed' ? none : size(record.sizeBytes)), 'right'),
	column('content', ({ record }) => (record.status === 'failed' ? none : size(record.contentBytes)), 'right'),
	column('entries', ({ record }) => (record.entries === null ? none : count(record.entries)), 'right'),
	{ title: 'started', align: 'left', cell: (entry) => startedAt(entry) },
	column('duration', ({ record }) => duration(record.durationMs), 'right'),
];

function startedAt(entry: CatalogEntry): string {
	if ('record' in entry) return time(entry.record.startedAt);
	return entry.status === 'running' ? time(entry.run.startedAt) : none;
}

/** A hold and a deletion matter more than anything else that was stated about a backup. */
function statusOf(entry: CatalogEntry): string {
	if (entry.status === 'running') return entry.status;
	if (entry.deleting) return `${entry.status}, being deleted`;
	return entry.held === null ? entry.status : `${entry.status}, held`;
}

export function entriesTable(entries: readonly CatalogEntry[]): string {
	if (entries.length === 0) return 'no records\n';
	const problems = entries.map((entry) =>
		entry.status === 'unreadable' ? `${printable(entry.id)}: ${printable(entry.problem)}\n` : '',
	);
	return table(columns, entries) + problems.join('');
}

export function entryFacts(entry: CatalogEntry): string {
	if (entry.status === 'unreadable')
		return pairs([['id', entry.id], ['status', entry.status], ['problem', entry.problem], ...stated(entry)]);
	if (entry.status === 'running') {
		const { id, job, run } = entry;
		return pairs([
			['id', id],
			['job', job],
			['status', 'running'],
			['run', run.runId],
			['started', time(run.startedAt)],
			['host', run.host],
		]);
	}
	return recordFacts(entry);
}

function stated({
	held,
	deleting,
	verifications,
}: Pick<Stored, 'held' | 'deleting' | 'verifications'>): [string, string][] {
	const facts: [string, string][] = [];
	if (held !== null) {
		facts.push(['held', `since ${time(held.since)}${held.reason === '' ? '' : `: ${held.reason}`}`]);
	}
	if (deleting) facts.push(['deleting', 'a deletion has begun; repeat it to finish it']);
	for (const { level, pass, at, checks, checksOmitted, durationMs } of verifications) {
		const failed = checks.filter((check) => !check.pass);
		const looked = checks.length + checksOmitted;
		const figures = [
			...(looked === 0 ? [] : [`${count(looked)} ${looked === 1 ? 'check' : 'checks'}`]),
			duration(durationMs),
		];
		facts.push(['verified', `${level} ${pass ? 'passed' : 'failed'} ${time(at)}: ${figures.join(', ')}`]);
		for (const { name, expected, actual } of failed) {
			facts.push(['failed check', `${name}: ${actual} instead of ${expected}`]);
		}
	}
	return facts;
}

function recordFacts({ record, trust, ...entry }: Stored): string {
	const facts: [string, string | null][] = [
		['id', record.id],
		['job', record.job],
		['series', record.series],
		['status', record.status],
		['error', record.error && `${record.error.code}: ${record.error.message}`],
		['hint', record.error && record.error.hint],
		['trust', trust],
		...stated(entry),
		['kind', record.kind],
		['sources', record.sources.map(({ type, name }) => `${type} ${name}`).join(', ') || null],
		['started', time(record.startedAt)],
		['finished', time(record.finishedAt)],
		['duration', duration(record.durationMs)],
		['size', exact(record.sizeBytes)],
		['content', exact(record.contentBytes)],
		['entries', record.entries === null ? null : count(record.entries)],
		[
			'compression',
			record.compression.level === null
				? 'none'
				: `${record.compression.algorithm} level ${record.compression.level}`,
		],
		[
			'encrypted',
			record.encrypted
				? `with key ${record.keyId} (${record.kdf?.id === 'scrypt' ? 'passphrase' : 'raw key'})`
				: 'no',
		],
		['archive', record.filePath],
		['sha256', record.checksum],
		...record.files
			.filter(({ role }) => role === 'index')
			.map(({ path, size: bytes }): [string, string] => ['index', `${path} (${size(bytes)})`]),
		['consistency', record.consistency],
		['downtime', record.downtimeMs === 0 ? null : duration(record.downtimeMs)],
		['host', record.host],
		['run', `${record.runId} (number ${record.seq} of the job)`],
		['tags', record.tags.join(', ') || null],
		['workflow', record.workflow && `${record.workflow.name} (execution ${record.workflow.executionId})`],
		['anomaly', record.anomaly && record.anomaly.reason],
		...record.warnings.map(({ message }): [string, string] => ['warning', message]),
		['warnings', record.warningsOmitted === 0 ? null : `${count(record.warningsOmitted)} more`],
	];
	return pairs(facts.filter((fact): fact is [string, string] => fact[1] !== null));
}

const exact = (bytes: number): string =>
	bytes < 1000 ? size(bytes) : `${size(bytes)} (${count(bytes)} bytes)`;

/** What a backup made, in one line; a failed one says only that, its error follows on stderr. */
export function resultLine(record: BackupRecord): string {
	if (record.status === 'failed') return `failed  ${record.id}\n`;
	const warnings = record.warnings.length + record.warningsOmitted;
	const facts = [
		`${size(record.sizeBytes)} stored of ${size(record.contentBytes)}`,
		...(record.entries === null ? [] : [entriesOf(record.entries)]),
		duration(record.durationMs),
		...(record.encrypted ? [] : ['not encrypted']),
		...(warnings === 0 ? [] : [`${count(warnings)} ${warnings === 1 ? 'warning' : 'warnings'}`]),
	];
	return `ok      ${record.id}  ${facts.join(', ')}\n`;
}
