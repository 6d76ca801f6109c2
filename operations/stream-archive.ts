/**
 * The content of one archive without entries (a dump, a database file, an image) as a stream, for a restore that needs
 * more than the engine: a server, an image store. Trusted as every restore trusts (`requireRestorable`); the engine
 * checks the whole archive before `work` is called, and again what it sends.
 */
import { Readable } from 'node:stream';
import { parseDescription, type Description } from '../protocol/description';
import { BackupError, toBackupError } from '../protocol/errors';
import { emptyGo } from '../protocol/job';
import type { BackupRecord, Kind, Trust } from '../protocol/record';
import type { CatalogEntry, StoredEntry } from './catalog-entry';
import type { Keyring } from './keyring';
import { readCatalog, receiveEntries } from './list-records';
import { runJob } from './run-job';
import { filterOf, requireRestorable, selectOne, type Selection } from './select';
import type { Session } from './session';
import type { OperationContext, RepositorySettings, Where } from './settings';
import { verifiedOutput } from './verified-output';

export interface StreamRequest {
	readonly selection: Selection;
	readonly allowUnsigned: boolean;
	/** What can be worked with; of a job's latest archives only these count. */
	readonly kinds: readonly Kind[];
}

export interface StreamedArchive {
	readonly record: BackupRecord;
	readonly trust: Trust;
	/** Null: it has none. */
	readonly description: Description | null;
}

/**
 * `content` may be called once: the stream ends only when every byte came and was found right, else it fails. What
 * `work` leaves unread is passed over. Where it is never called (a dry run), nothing is sent. Resolves to what `work`
 * made, once the engine has said that all was right. Throws `archive_kind_mismatch`, and as a verification does.
 */
export async function streamArchive<T>(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	request: StreamRequest,
	work: (archive: StreamedArchive, content: () => Readable) => Promise<T>,
): Promise<T> {
	const id = await idOf(context, where, repository, request);
	const job = { job: { verb: 'stream', id }, role: 'repository', labelledJob: null } as const;
	return await runJob(context, where, repository, job, async (session, { keyring }) => {
		const { record, trust } = choose(
			await receiveEntries(session, 'ready', keyring),
			{ ...request, selection: { by: 'id', id } },
			keyring,
		);
		session.send('go', { ...emptyGo, archives: [{ record, key: await keyring.keyOf(record) }] });
		const { description } = await session.next('described');
		await session.next('ready');
		const archive = {
			record,
			trust,
			description: description === null ? null : parseDescription(description),
		};
		return await withContent(session, record, async (content) => await work(archive, content));
	});
}

/** The engine reads one record; which one the latest is, only the whole list says. */
async function idOf(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	request: StreamRequest,
): Promise<string> {
	const filter = filterOf(request.selection);
	if (filter.id !== null) return filter.id;
	const { entries, keyring } = await readCatalog(context, where, repository, filter);
	return choose(entries, request, keyring).id;
}

function choose(
	entries: readonly CatalogEntry[],
	{ selection, allowUnsigned, kinds }: StreamRequest,
	keyring: Keyring,
): StoredEntry {
	const fits = (entry: CatalogEntry) => 'record' in entry && kinds.includes(entry.record.kind);
	const fitting = selection.by === 'id' ? [] : entries.filter(fits);
	const entry = selectOne(fitting.length > 0 ? fitting : entries, selection, keyring);
	const { id, record } = entry;
	if (!kinds.includes(record.kind)) {
		throw new BackupError(
			'archive_kind_mismatch',
			`${id} is a ${record.kind} archive, and one of ${kinds.join(' or ')} is wanted`,
			{ hint: 'Choose another record, or restore this one as what it is.' },
		);
	}
	requireRestorable(entry, keyring, allowUnsigned);
	return entry;
}

interface Sending {
	readonly output: Readable;
	readonly stream: Readable;
	readonly verdict: Promise<unknown>;
	/** Why the content can't be trusted; undefined as long as it can. */
	broken: unknown;
}

async function withContent<T>(
	session: Session,
	record: BackupRecord,
	work: (content: () => Readable) => Promise<T>,
): Promise<T> {
	let sending: Sending | undefined;
	const [made] = await Promise.allSettled([
		work(() => {
			if (sending) throw new BackupError('unexpected', `the content of ${record.id} was asked for twice`);
			sending = startSending(session, record);
			return sending.stream;
		}),
	]);
	// The work may have failed because the content did.
	if (made.status === 'rejected') throw sending?.broken ?? made.reason;
	if (sending) await finishSending(sending);
	return made.value;
}

const hintWhenCut = 'The connection to the runner was cut; try again.';

function startSending(session: Session, record: BackupRecord): Sending {
	const output = session.output();
	session.send('go', emptyGo);
	const verdict = session.next('done');
	const breakOff = (error: unknown) => {
		sending.broken ??= error;
		// Nobody need wait for the rest of what is wrong.
		output.destroy(toBackupError(error));
	};
	const content = async function* (): AsyncGenerator<Buffer> {
		try {
			yield* verifiedOutput(output, { id: record.id, size: record.contentBytes, hint: hintWhenCut }, verdict);
		} catch (error) {
			breakOff(error);
			throw error;
		}
	};
	const stream = Readable.from(content(), { objectMode: false });
	// Who reads it may look late.
	stream.on('error', () => undefined);
	const sending: Sending = { output, stream, verdict, broken: undefined };
	verdict.catch(breakOff);
	return sending;
}

/** What was left unread must not hold up the engine, which tells at the end whether all was right. */
async function finishSending({ output, stream, verdict }: Sending): Promise<void> {
	stream.destroy();
	// Until then it may be reading the output itself.
	if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', resolve));
	output.resume();
	await verdict;
}
