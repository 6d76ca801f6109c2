/** One request to the catalog, and what the node says of it: one outcome per record, deletion or finding. */
import type { Readable } from 'node:stream';
import type { IBinaryData } from 'n8n-workflow';
import {
	adoptArchive,
	BackupError,
	deleteRecords,
	downloadArchive,
	examineRepository,
	getRecord,
	holdRecord,
	linkArchive,
	listRecords,
	releaseRecord,
	type DeleteOutcome,
	type OperationContext,
	type RepositorySettings,
	type Where,
} from '../../operations';
import type { Outcome } from '../shared/run-items';
import { entryJson } from './entry-json';
import type { PageRequest } from './browse';
import type { CatalogRequest } from './request';

export interface Surroundings {
	readonly context: OperationContext;
	readonly where: Where;
	readonly repository: RepositorySettings;
	/** Keeps a file where n8n keeps files. */
	store(stream: Readable, fileName: string, mimeType: string): Promise<IBinaryData>;
}

/** All but pages of a backup's files, which have hints of their own (browse.ts). */
export async function perform(
	request: Exclude<CatalogRequest, PageRequest>,
	surroundings: Surroundings,
): Promise<Outcome[]> {
	const { context, where, repository } = surroundings;
	switch (request.operation) {
		case 'get':
			return [{ data: entryJson(await getRecord(context, where, repository, request.id)) }];
		case 'getAll':
			return (await listRecords(context, where, repository, request)).map((entry) => ({
				data: entryJson(entry),
			}));
		case 'download':
			return [await download(request, surroundings)];
		case 'link': {
			const { url, expiresAt, fileName, size, record } = await linkArchive(
				context,
				where,
				repository,
				request,
			);
			return [{ data: { id: record.id, job: record.job, url, expiresAt, fileName, size, record } }];
		}
		case 'delete':
			return (await deleteRecords(context, where, repository, request)).map(deletion);
		case 'hold':
			return [{ data: await holdRecord(context, where, repository, request) }];
		case 'release':
			return [{ data: await releaseRecord(context, where, repository, request) }];
		case 'check': {
			const found = await examineRepository(context, where, repository, request);
			// An item even when all is well: what follows in the workflow would not run otherwise.
			if (found.length === 0)
				return [{ data: { findings: 0, message: 'nothing found that is not as it should be' } }];
			const inOrder = found.toSorted((a, b) => (a.key < b.key ? -1 : 1));
			return inOrder.map((finding) => ({ data: { findings: found.length, ...finding } }));
		}
		case 'adopt':
			return [{ data: { ...(await adoptArchive(context, where, repository, request)) } }];
	}
}

async function download(
	request: Extract<CatalogRequest, { operation: 'download' }>,
	{ context, where, repository, store }: Surroundings,
): Promise<Outcome> {
	return await downloadArchive(context, where, repository, request, async (stream, { fileName, record }) => ({
		data: record,
		binary: { [request.field]: await store(stream, fileName, mimeTypeOf(fileName)) },
	}));
}

/** By the last ending: an encrypted archive is nothing that a program knows. */
function mimeTypeOf(fileName: string): string {
	if (fileName.endsWith('.tar')) return 'application/x-tar';
	if (fileName.endsWith('.zst')) return 'application/zstd';
	return 'application/octet-stream';
}

function deletion({ error, ...data }: DeleteOutcome): Outcome {
	if (error === null) return { data };
	const { code, message, hint } = error;
	return { data, failure: new BackupError(code, message, { hint: hint ?? undefined }) };
}

/** One error for a run of several; undefined when all went well. */
export function failureOf(outcomes: readonly Outcome[]): BackupError | undefined {
	const failures = outcomes.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
	const [first] = failures;
	if (first === undefined || outcomes.length === 1) return first;
	const each = failures.map(({ message }) => message).join('; ');
	return new BackupError(first.code, `${failures.length} of ${outcomes.length} failed: ${each}`, {
		hint: first.hint,
	});
}
