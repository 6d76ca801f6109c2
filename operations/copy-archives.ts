/**
 * Copy: from one repository into others, one after the other, each in a conversation of its own. The stored
 * bytes travel as they are, from storage to storage in one engine; records are signed again with each
 * target's key. What fails at one target is that target's outcome and keeps nothing from the others; a
 * cancel ends all. Throws before anything starts: names, places that one engine can't see both of.
 */
import { formatRecord } from '../engine/index';
import { BackupError, errorCodes, toBackupError } from '../protocol/errors';
import type { CopyResult } from '../protocol/events';
import { emptyGo } from '../protocol/job';
import type { BackupRecord } from '../protocol/record';
import { filterOfCopy, planCopies, selectCopies, type CopyBatch, type CopySelection } from './copy-plan';
import { requireCopyable, type CopyTarget } from './copy-places';
import { locationOf, placeOf } from './executor';
import { hostNameOf } from './host-name';
import { introduce } from './introduce';
import type { Keyring } from './keyring';
import { receiveCatalog, receiveEntries } from './list-records';
import { runJob } from './run-job';
import type { Session } from './session';
import type { OperationContext, RepositorySettings, Where } from './settings';

export interface CopyRequest {
	readonly selection: CopySelection;
	/** Whether every byte is read back from the target, also of what is there already. */
	readonly readBack: boolean;
	readonly lockWaitMs: number;
}

export interface ArchiveCopy extends CopyResult {
	readonly record: BackupRecord;
}

export interface TargetOutcome {
	readonly name: string;
	/** The target in words. */
	readonly place: string;
	readonly repositoryCreated: boolean;
	/** Why this target could not be worked on, or not to the end; its results until then are kept. */
	readonly error: BackupError | null;
	/** One of every archive, newest first within its job; `missing` leaves out what is present already. */
	readonly results: readonly ArchiveCopy[];
	/** How many archives were chosen, and how many of them were there already and right. */
	readonly selected: number;
	readonly present: number;
	/** What one must know to restore from there. */
	readonly hints: readonly string[];
}

export async function copyArchives(
	context: OperationContext,
	where: Where,
	source: RepositorySettings,
	targets: readonly CopyTarget[],
	request: CopyRequest,
): Promise<{ targets: TargetOutcome[] }> {
	requireCopyable(where, source.location, targets);
	filterOfCopy(request.selection);
	const host = await hostNameOf(where, context.signal);
	const outcomes: TargetOutcome[] = [];
	for (const target of targets)
		outcomes.push(await copyTo(context, where, source, target, { ...request, host }));
	return { targets: outcomes };
}

type Draft = { -readonly [K in keyof TargetOutcome]: TargetOutcome[K] } & {
	results: ArchiveCopy[];
	hints: string[];
};

async function copyTo(
	context: OperationContext,
	where: Where,
	source: RepositorySettings,
	{ name, repository }: CopyTarget,
	{ selection, readBack, lockWaitMs, host }: CopyRequest & { readonly host: string },
): Promise<TargetOutcome> {
	const place = placeOf(repository.location);
	const outcome: Draft = {
		name,
		place,
		repositoryCreated: false,
		error: null,
		results: [],
		selected: 0,
		present: 0,
		hints: [],
	};
	const filter = filterOfCopy(selection);
	const target = locationOf(where, repository.location, '/target');
	const work = {
		job: { verb: 'copy', ...filter, target, host, lockWaitMs, readBack },
		role: 'repository',
		target: repository.location,
		labelledJob: filter.job,
	} as const;
	try {
		await runJob(context, where, source, work, async (session, { keyring }) => {
			const there = await introduce(session, repository, context);
			outcome.repositoryCreated = there.repositoryCreated;
			requireOther(keyring, there.keyring, place);
			const records = selectCopies(await receiveEntries(session, 'ready', keyring), selection, keyring);
			outcome.selected = records.length;
			const catalog = await receiveCatalog(session, 'ready', there.keyring);
			const { batches, refused } = planCopies(records, { ...catalog, keyring: there.keyring, place });
			outcome.results.push(...refused.map(({ record, error }) => refusal(record, error)));
			for (const batch of batches) {
				await copyBatch(session, batch, there.keyring, (result) => {
					if (result.outcome === 'present') outcome.present += 1;
					if (result.outcome !== 'present' || selection.by !== 'missing') outcome.results.push(result);
				});
				await session.next('ready');
			}
			session.send('go', emptyGo);
			await session.next('done');
			outcome.hints = await keyHints(outcome.results, there.keyring, place);
		});
	} catch (error) {
		if (context.signal.aborted) throw error;
		outcome.error = toBackupError(error);
	}
	for (const message of outcome.hints)
		context.onEvent({ event: 'warning', code: 'key_differs', message, path: null });
	return outcome;
}

/** Signs each record that the engine has the right bytes of; ends when every archive has its result. */
async function copyBatch(
	session: Session,
	{ records, recorded }: CopyBatch,
	{ current }: Keyring,
	onResult: (result: ArchiveCopy) => void,
): Promise<void> {
	const open = new Map(records.map((record) => [record.id, record]));
	const opened = (id: string): BackupRecord => {
		const record = open.get(id);
		if (record) return record;
		throw new BackupError('protocol_violation', `the engine speaks of ${id}, which it was not told to copy`);
	};
	session.send('go', { ...emptyGo, archives: records.map((record) => ({ record, key: null })), recorded });
	while (open.size > 0) {
		const event = await session.next('sealed', 'copied');
		if (event.event === 'sealed') {
			const { id } = event.record;
			session.send('commit', { id, recordText: formatRecord(opened(id), current?.signer ?? null) });
			continue;
		}
		const { id, outcome, bytes, durationMs, error } = event;
		onResult({ id, outcome, bytes, durationMs, error, record: opened(id) });
		open.delete(id);
	}
}

function refusal(record: BackupRecord, { code, message, hint }: BackupError): ArchiveCopy {
	const error = { code, message, hint: hint ?? null };
	return { id: record.id, outcome: 'failed', bytes: 0, durationMs: 0, error, record };
}

/** A raw clone has its origin's document, and is fine as a target; another document of that id is not. */
function requireOther(source: Keyring, target: Keyring, place: string): void {
	const { document } = source;
	if (document.id !== target.document.id) return;
	if (JSON.stringify(document) === JSON.stringify(target.document)) return;
	throw new BackupError(
		'repository_forged',
		`${place} has the source's repository id, but another document`,
		{
			hint: 'Its repository.json was changed, or one of the two was made from the other: use another target.',
		},
	);
}

/** A copy keeps its archive's key, which the target need not have. */
async function keyHints(copies: readonly ArchiveCopy[], target: Keyring, place: string): Promise<string[]> {
	const hints: string[] = [];
	const looked = new Set<string | null>([null]);
	for (const { record, outcome } of copies) {
		if (outcome === 'failed' || looked.has(record.keyId)) continue;
		looked.add(record.keyId);
		try {
			await target.keyOf(record);
		} catch (error) {
			if (errorCodes[toBackupError(error).code] !== 'key') throw error;
			hints.push(
				`to restore from ${place} one needs the source's key ${record.keyId} too: add it to the previous keys of that repository`,
			);
		}
	}
	return hints;
}
