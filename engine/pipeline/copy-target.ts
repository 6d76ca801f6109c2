/** What a copy has to know of its target before it writes: whether it is another place, and what stands there. */
import { BackupError, joinErrors } from '../../protocol/errors';
import type { BackupRecord } from '../../protocol/record';
import type { Engine } from '../environment';
import { documentKey, jobPrefixOf, probeKeyOf, recordKeyOf } from '../repository/layout';
import { failureOf } from '../repository/outcomes';
import { isRefusal } from '../repository/refusal';
import type { Storage } from '../repository/storage';

const mostSingleLooks = 50;

/** Sizes of these archives' objects and records at the target, by key: looked up singly, or listed when many. */
export async function sizesAt(
	target: Storage,
	records: readonly BackupRecord[],
	signal: AbortSignal,
): Promise<Map<string, number>> {
	const sizes = new Map<string, number>();
	if (records.length > mostSingleLooks) {
		for (const job of new Set(records.map((record) => record.job))) {
			for await (const { key, size } of target.list(jobPrefixOf(job), signal)) sizes.set(key, size);
		}
		return sizes;
	}
	for (const { job, id, files } of records) {
		for (const key of [recordKeyOf(job, id), ...files.map(({ path }) => path)]) {
			const size = await sizeOf(target, key, signal);
			if (size !== undefined) sizes.set(key, size);
		}
	}
	return sizes;
}

async function sizeOf(storage: Storage, key: string, signal: AbortSignal): Promise<number | undefined> {
	try {
		return await storage.size(key, signal);
	} catch (error) {
		if (error instanceof BackupError && error.code === 'object_not_found') return undefined;
		throw error;
	}
}

const mostDocumentBytes = 64 << 10;

/**
 * One place may have two names, and a raw clone of a repository has its origin's document. Whether these
 * are two places is told by an object that is put into one of them. Throws `usage`.
 */
export async function requireTwoPlaces(
	{ storage: source, conversation, random }: Engine,
	target: Storage,
): Promise<void> {
	const { signal } = conversation;
	const here = await source.read(documentKey, mostDocumentBytes, signal);
	if (!here.equals(await target.read(documentKey, mostDocumentBytes, signal))) return;
	const probe = probeKeyOf(random.bytes(16));
	await target.put(probe, Buffer.from('copy'), signal);
	let failure: unknown;
	try {
		if ((await sizeOf(source, probe, signal)) !== undefined) {
			throw new BackupError('usage', `source and target are the same place: ${target.description}`, {
				hint: 'Name another directory, volume or bucket as the target.',
			});
		}
	} catch (error) {
		failure = error;
	}
	const later = await failureOf(target.delete(probe));
	if (later !== undefined && !isRefusal(later)) failure = joinErrors(failure, later);
	if (failure !== undefined) throw failure;
}
