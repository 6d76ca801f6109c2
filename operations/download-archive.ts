/**
 * Download: the stored bytes of one archive, encrypted as they are, streamed to whoever wants them; or a link to
 * them, where the storage can sign one. Trusted as a restore trusts: see `requireRestorable`.
 */
import { basename } from 'node:path/posix';
import { Readable } from 'node:stream';
import { BackupError, toBackupError } from '../protocol/errors';
import { emptyGo } from '../protocol/job';
import type { BackupRecord } from '../protocol/record';
import { placeOf } from './executor';
import type { Keyring } from './keyring';
import { findId, receiveEntries } from './list-records';
import { runJob } from './run-job';
import { requireRestorable, selectOne, type Selection } from './select';
import type { Session } from './session';
import type { OperationContext, RepositorySettings, Where } from './settings';
import { verifiedOutput } from './verified-output';

export interface DownloadRequest {
	readonly selection: Selection;
	/** Bytes; null: none. */
	readonly sizeLimit: number | null;
	readonly allowUnsigned: boolean;
}

export interface DownloadInfo {
	/** As the archive is named in the repository. */
	readonly fileName: string;
	/** Bytes. */
	readonly size: number;
	readonly record: BackupRecord;
}

export interface LinkRequest {
	readonly selection: Selection;
	/** 1 to 604,800: seven days. */
	readonly expiresInSeconds: number;
	readonly allowUnsigned: boolean;
}

export interface ArchiveLink extends DownloadInfo {
	readonly url: string;
	/** ISO 8601 UTC. */
	readonly expiresAt: string;
}

const mostSeconds = 7 * 24 * 3600;
const hintWhenCut = 'The connection to the runner was cut; download it again.';

/**
 * Gives the bytes to `sink`, with back-pressure, and resolves to what it made of them. The stream ends only
 * when size and SHA-256 were found right; else it fails, and so does this, whatever the sink says.
 */
export async function downloadArchive<T>(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	{ selection, sizeLimit, allowUnsigned }: DownloadRequest,
	sink: (stream: Readable, info: DownloadInfo) => Promise<T>,
): Promise<T> {
	const id = await findId(context, where, repository, selection);
	const work = { job: { verb: 'read', id }, role: 'repository', labelledJob: null } as const;
	return await runJob(context, where, repository, work, async (session, { keyring }) => {
		const info = await receiveInfo(session, keyring, id, allowUnsigned);
		requireSmall(info, sizeLimit, repository);
		const output = session.output();
		session.send('go', { ...emptyGo, archives: [{ record: info.record, key: null }] });
		const verdict = session.next('done');
		// Nobody need wait for the rest of what is wrong.
		verdict.catch((error: unknown) => output.destroy(toBackupError(error)));
		const stream = Readable.from(
			verifiedOutput(output, { id, size: info.size, hint: hintWhenCut }, verdict),
			{
				objectMode: false,
			},
		);
		// The sink may look at it late; its failure is told by the verdict.
		stream.on('error', () => undefined);
		const [made] = await Promise.allSettled([sink(stream, info)]);
		// A sink that wants no more must not hold up the engine.
		stream.destroy();
		if (made.status === 'rejected') {
			// The sink may have failed because the bytes did.
			if (stream.errored) await verdict;
			throw made.reason;
		}
		output.resume();
		await verdict;
		return made.value;
	});
}

export async function linkArchive(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	{ selection, expiresInSeconds, allowUnsigned }: LinkRequest,
): Promise<ArchiveLink> {
	requireLinkable(repository, expiresInSeconds);
	const id = await findId(context, where, repository, selection);
	const work = {
		job: { verb: 'link', id, expiresInSeconds },
		role: 'repository',
		labelledJob: null,
	} as const;
	return await runJob(context, where, repository, work, async (session, { keyring }) => {
		const info = await receiveInfo(session, keyring, id, allowUnsigned);
		session.send('go', { ...emptyGo, archives: [{ record: info.record, key: null }] });
		const { url, expiresAt } = await session.next('link');
		await session.next('done');
		return { url, expiresAt, ...info };
	});
}

async function receiveInfo(
	session: Session,
	keyring: Keyring,
	id: string,
	allowUnsigned: boolean,
): Promise<DownloadInfo> {
	const entry = selectOne(await receiveEntries(session, 'ready', keyring), { by: 'id', id }, keyring);
	requireRestorable(entry, keyring, allowUnsigned);
	const { record } = entry;
	return { fileName: basename(record.filePath ?? id), size: record.sizeBytes, record };
}

function requireSmall(
	{ record, size }: DownloadInfo,
	limit: number | null,
	repository: RepositorySettings,
): void {
	if (limit === null || size <= limit) return;
	throw new BackupError(
		'size_limit_exceeded',
		`${record.id} has ${size} bytes, more than the limit of ${limit}`,
		{
			hint:
				repository.location.type === 's3'
					? 'Make a link instead, by which it can be downloaded straight from the store, or raise the limit.'
					: 'Raise the limit, or copy the archive from the repository by other means.',
		},
	);
}

function requireLinkable({ location }: RepositorySettings, seconds: number): void {
	if (location.type !== 's3') {
		throw new BackupError('invalid_parameter', `${placeOf(location)} can't make links`, {
			hint: 'Links are for S3 repositories; download the archive instead.',
		});
	}
	if (Number.isInteger(seconds) && seconds >= 1 && seconds <= mostSeconds) return;
	throw new BackupError('invalid_parameter', `a link can't last ${seconds} seconds`, {
		hint: `Choose 1 to ${mostSeconds} seconds (seven days).`,
	});
}
