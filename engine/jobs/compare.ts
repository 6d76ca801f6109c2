/**
 * Compare: what differs between an archive and its volumes as they are now, or another archive of the repository.
 * An archive is known by its index alone. Shows the records first, as verify does, and is told the archives' keys
 * when the records are believed. A difference is a result, not a failure of the job.
 */
import { BackupError } from '../../protocol/errors';
import type { ComparisonFigures, Difference } from '../../protocol/events';
import { parseGoFrame, type CompareJob } from '../../protocol/job';
import type { Engine } from '../environment';
import { entryPath, type IndexEntry } from '../format/index-entry';
import { comparePaths } from '../format/path-order';
import { archiveParts, type Archive } from '../pipeline/archive-parts';
import { compareEntries, touchesContent, type ComparedEntry } from '../pipeline/compare-entries';
import { liveEntries } from '../pipeline/compare-live';
import { progressTeller } from '../pipeline/progress';
import { requireEntries } from '../pipeline/record-files';
import { belowVolume } from '../pipeline/select-entries';
import { collectWarnings } from '../pipeline/warnings';
import { requireGnuTar } from '../sources/gnu-tar';
import { requireSources } from '../sources/volumes';
import { volumeOf } from '../targets/entry-guard';
import { tellRecords } from './list';
import { meetRepository } from './meet';

/** All are counted. */
const mostTold = 10_000;
const perEvent = 500;

export async function compare(job: CompareJob, engine: Engine): Promise<void> {
	const { conversation } = engine;
	const { signal } = conversation;
	if (job.other === null) {
		await requireGnuTar();
		await requireSources(job.sources);
	}
	await meetRepository(engine);
	await tellRecords({ job: null, id: job.id }, engine);
	if (job.other !== null) await tellRecords({ job: null, id: job.other }, engine);
	conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
	const [archive, other] = parseGoFrame(await conversation.receive('go')).archives;
	if (!archive || (job.other === null) !== (other === undefined)) {
		throw new BackupError('protocol_violation', 'the comparison names the wrong number of archives');
	}
	for (const { record } of other ? [archive, other] : [archive]) requireEntries(record);
	const figures: Figures = { same: 0, added: 0, removed: 0, changed: 0, contentSame: true };
	let bytes = 0;
	const live = (): AsyncIterable<IndexEntry> => {
		const tell = progressTeller(engine.clock, (event) => conversation.say(event));
		const warnings = collectWarnings((warning) => conversation.say({ event: 'warning', ...warning }));
		const onRead = (read: number) => {
			bytes = read;
			tell(() => ({ id: job.id, bytesRead: read, bytesWritten: 0, entries: entriesOf(figures) }));
		};
		const onWarning = warnings.add.bind(warnings);
		return liveEntries(job.sources, { exclude: job.exclude, signal, onRead, onWarning });
	};
	const volumes = other ? null : job.sources.map(({ name }) => name);
	const before = archivedEntries(archive, volumes, engine);
	const after = other ? archivedEntries(other, null, engine) : live();
	conversation.say({ event: 'phase', name: 'comparing', id: job.id });
	await tellDifferences(compareEntries(before, after), figures, engine);
	conversation.say({ event: 'compared', ...figures });
	conversation.say({ event: 'done', entries: entriesOf(figures), bytes });
}

type Figures = { -readonly [K in keyof ComparisonFigures]: ComparisonFigures[K] };

const entriesOf = ({ same, added, removed, changed }: Figures): number => same + added + removed + changed;

/** Null: of every volume. */
async function* archivedEntries(
	archive: Archive,
	volumes: readonly string[] | null,
	engine: Engine,
): AsyncGenerator<IndexEntry> {
	const { signal } = engine.conversation;
	const index = await archiveParts(archive, engine).index();
	const roots = volumes?.map((name) => Buffer.from(`volumes/${name}`)).sort(comparePaths);
	for (const root of roots ?? [Buffer.from('volumes')]) yield* index.entriesUnder(root, signal);
}

async function tellDifferences(
	compared: AsyncIterable<ComparedEntry>,
	figures: Figures,
	{ conversation }: Engine,
): Promise<void> {
	let batch: Difference[] = [];
	let told = 0;
	const tell = () => {
		if (batch.length > 0) conversation.say({ event: 'differences', differences: batch });
		batch = [];
	};
	for await (const entry of compared) {
		figures[entry.kind] += 1;
		if (touchesContent(entry)) figures.contentSame = false;
		if (entry.kind === 'same' || told === mostTold) continue;
		told += 1;
		if (batch.push(shown(entry, entry.kind)) === perEvent) tell();
	}
	tell();
}

function shown({ entry, what }: ComparedEntry, kind: Difference['kind']): Difference {
	const path = belowVolume(entryPath(entry));
	return {
		kind,
		volume: volumeOf(entryPath(entry)),
		path: path.toString(),
		pathBase64: entry.pathBase64 === undefined ? null : path.toString('base64'),
		what,
	};
}
