/**
 * Browse: what an archive of volumes holds, page by page, from its index alone; of a container's archive first the
 * documents beside its volumes, as entries of no volume. Shows the record first, as verify
 * does, and is told the archive's key when the record is believed.
 */
import { BackupError } from '../../protocol/errors';
import type { ArchiveEntry } from '../../protocol/events';
import { parseGoFrame, type BrowseJob } from '../../protocol/job';
import type { Engine } from '../environment';
import { entryLinkTarget, entryPath, type IndexEntry } from '../format/index-entry';
import { comparePaths, isWithin } from '../format/path-order';
import { archiveParts } from '../pipeline/archive-parts';
import { parseGlob, type Glob } from '../pipeline/globs';
import { requireEntries, volumeNames } from '../pipeline/record-files';
import { belowVolume, nothingMatches } from '../pipeline/select-entries';
import { documentsRoot } from '../sources/documents';
import { volumeOf } from '../targets/entry-guard';
import { tellRecords } from './list';
import { meetRepository } from './meet';

const entriesPerEvent = 500;

export async function browse(job: BrowseJob, engine: Engine): Promise<void> {
	const { conversation } = engine;
	const patterns = job.patterns.map(parseGlob);
	await meetRepository(engine);
	await tellRecords({ job: null, id: job.id }, engine);
	conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
	const [archive] = parseGoFrame(await conversation.receive('go')).archives;
	if (!archive) throw new BackupError('protocol_violation', 'the browsing names no archive');
	requireEntries(archive.record);
	const index = await archiveParts(archive, engine).index();
	const all = volumeNames(archive.record);
	const volumes = all.filter((name) => job.volumes.length === 0 || job.volumes.includes(name));
	let page: ArchiveEntry[] = [];
	const tell = () => {
		if (page.length > 0) conversation.say({ event: 'entries', entries: page });
		page = [];
	};
	let seen = 0;
	let matched = 0;
	let bytes = 0;
	const end = job.offset + (job.limit ?? Infinity);
	const under = parseUnder(job.under);
	const starts = [...(job.volumes.length === 0 ? documentStarts(under) : []), ...startsOf(volumes, under)];
	for (const start of starts) {
		for await (const entry of index.entriesUnder(start, conversation.signal)) {
			seen += 1;
			const path = shownPath(entryPath(entry));
			if (patterns.length > 0 && !patterns.some((pattern) => pattern.matches(path))) continue;
			bytes += entry.size;
			const position = matched++;
			if (position < job.offset || position >= end) continue;
			if (page.push(shownEntry(entry, path)) === entriesPerEvent) tell();
		}
	}
	if (seen === 0 && job.under !== '') throw await nothingMatches(index, volumes, under, conversation.signal);
	tell();
	conversation.say({ event: 'done', entries: matched, bytes });
}

function parseUnder(text: string): Glob {
	const under = parseGlob(text === '' ? '/' : text);
	if (under.literal) return under;
	throw new BackupError('invalid_parameter', `the path ${JSON.stringify(text)} holds wildcards`, {
		hint: 'Give wildcards as a pattern, e.g. "**/*.conf".',
	});
}

function startsOf(volumes: readonly string[], { folder }: Glob): Buffer[] {
	return volumes
		.map((volume) =>
			Buffer.from(`volumes/${volume}${folder.length === 0 ? '' : `/${folder.toString('latin1')}`}`, 'latin1'),
		)
		.sort(comparePaths);
}

/** Documents lie under no volume: their paths are shown whole. */
function documentStarts({ folder }: Glob): Buffer[] {
	const root = Buffer.from(documentsRoot);
	if (folder.length === 0) return [root];
	return isWithin(root, folder) ? [folder] : [];
}

const isDocument = (path: Buffer): boolean => isWithin(Buffer.from(documentsRoot), path);
const shownPath = (path: Buffer): Buffer => (isDocument(path) ? path : belowVolume(path));

function shownEntry(entry: IndexEntry, path: Buffer): ArchiveEntry {
	const { type, size, mode, uid, gid, mtimeNs } = entry;
	return {
		volume: isDocument(entryPath(entry)) ? '' : volumeOf(entryPath(entry)),
		path: path.toString(),
		pathBase64: entry.pathBase64 === undefined ? null : path.toString('base64'),
		type,
		size,
		mode,
		uid,
		gid,
		mtimeNs,
		linkTarget: linkOf(entry),
		sha256: entry.sha256 ?? null,
	};
}

/** A hard link's as a path below the volume's root, like its own. */
function linkOf(entry: IndexEntry): string | null {
	const target = entryLinkTarget(entry);
	if (target === undefined) return null;
	return (entry.type === 'hardlink' ? belowVolume(target) : target).toString();
}
