/**
 * An object on its way into a bucket: see `ObjectWriter` in storage.ts. A multipart upload to the final key,
 * several parts at a time; each is tried again by itself, with a checksum that the server compares. Nothing
 * shows before the upload is completed, and a deletion of the key takes the upload away.
 */
import {
	AbortMultipartUploadCommand,
	CompleteMultipartUploadCommand,
	HeadObjectCommand,
	ListPartsCommand,
	UploadPartCommand,
	type CompletedPart,
} from '@aws-sdk/client-s3';
import { BackupError, joinErrors } from '../../../protocol/errors';
import { reclaim } from '../../format/reclaim';
import { alreadyThere, notFound } from '../local-errors';
import { failureOf, outcomeOf } from '../outcomes';
import { retrying } from '../retry';
import type { ObjectWriter } from '../storage';
import type { S3Access } from './client';
import type { ExclusiveCreation } from './creation';
import type { Attempt } from './errors';
import type { OpenPart, PartBuffer } from './part-buffers';
import type { PartPlan } from './parts';

type State = 'open' | 'sealed' | 'published' | 'aborted';

export interface Upload {
	readonly key: string;
	readonly uploadId: string;
	/** Stored with the object, so that it can be told from another's. */
	readonly nonce: string;
	readonly plan: PartPlan;
	readonly openPart: OpenPart;
}

export const nonceName = 'writer';

/** How long an abort is tried: somebody waits for it, and a later deletion of the key does the same. */
export const abortLastingMs = 20_000;

export function createS3Writer(
	access: S3Access,
	creation: ExclusiveCreation,
	{ key, uploadId, nonce, plan, openPart }: Upload,
	signal: AbortSignal | undefined,
): ObjectWriter {
	const { client, location, clock, random } = access;
	const attempt: Attempt = { verb: 'write', key };
	const upload = { Bucket: location.bucket, Key: access.nameOf(key), UploadId: uploadId };
	/** Ends the parts under way: when one failed for good, or by the caller's signal or an abort. */
	const cancelling = new AbortController();
	const cancel = () => cancelling.abort(signal?.reason);
	signal?.addEventListener('abort', cancel, { once: true });

	let state: State = 'open';
	let size = 0;
	let stored = 0;
	let started = 0;
	let current: PartBuffer | undefined;
	/** The first failure. */
	let failure: unknown;
	/** These never reject. */
	const underWay = new Set<Promise<void>>();
	const parts: CompletedPart[] = [];

	const require = (wanted: State, what: string) => {
		if (state !== wanted) throw new BackupError('unexpected', `${key} is ${state}, it can't be ${what}`);
	};
	const throwFailure = () => {
		signal?.throwIfAborted();
		if (failure !== undefined) throw failure;
	};
	const fail = (error: unknown) => {
		failure ??= error;
		cancelling.abort(failure);
	};

	const storePart = async (part: PartBuffer, number: number): Promise<void> => {
		const checksum = part.checksum;
		const answer = await retrying(
			async () =>
				await access.call(attempt, { signal: cancelling.signal }, async (deadline) => {
					const body = part.read(() => deadline.moved());
					try {
						return await client.send(
							new UploadPartCommand({
								...upload,
								PartNumber: number,
								Body: body,
								ContentLength: part.length,
								ChecksumAlgorithm: 'CRC32',
								ChecksumCRC32: checksum,
							}),
							{ abortSignal: deadline.signal },
						);
					} finally {
						body.destroy();
					}
				}),
			{ clock, random, signal: cancelling.signal },
		);
		if (answer.ETag === undefined) {
			throw new BackupError('storage_failed', `${access.description} gave no ETag for a part of ${key}`);
		}
		parts[number - 1] = { PartNumber: number, ETag: answer.ETag, ChecksumCRC32: checksum };
		stored += part.length;
	};

	/** Starts to store a part, as soon as there is room for one more. */
	const send = async (part: PartBuffer): Promise<void> => {
		while (underWay.size >= plan.inFlight) await Promise.race(underWay);
		const number = (started += 1);
		const sending = (async () => {
			const failed = await failureOf(storePart(part, number));
			const left = await failureOf(part.release());
			if (failed !== undefined || left !== undefined) fail(joinErrors(failed, left));
		})();
		underWay.add(sending);
		void sending.then(() => underWay.delete(sending));
	};

	/** Whether the object of this key is what this writer wrote; undefined when there is none. */
	const isOurs = async (): Promise<boolean | undefined> => {
		try {
			const { Metadata } = await retrying(
				async () =>
					await access.call({ verb: 'read', key }, { signal }, async (deadline) => {
						const command = new HeadObjectCommand({ Bucket: upload.Bucket, Key: upload.Key });
						return await client.send(command, { abortSignal: deadline.signal });
					}),
				{ clock, random, ...(signal && { signal }) },
			);
			return Metadata?.[nonceName] === nonce;
		} catch (error) {
			if (isNotFound(error)) return undefined;
			throw error;
		}
	};

	const complete = async (): Promise<'created' | 'exists' | 'gone'> =>
		await retrying(
			async (tries) => {
				// Some servers call it an error of theirs that an upload is gone, however often they are asked.
				if (tries > 1 && (await isUploadGone())) return 'gone';
				return await creation.create(
					key,
					{ signal, idleMs: access.timeOuts.complete },
					async (condition, abortSignal) => {
						const command = new CompleteMultipartUploadCommand({
							...upload,
							MultipartUpload: { Parts: parts },
							...condition,
						});
						await client.send(command, { abortSignal });
					},
				);
			},
			{ clock, random, ...(signal && { signal }) },
		);

	/** Completed (perhaps by a request whose answer was lost) or aborted, as far as these keys may see. */
	const isUploadGone = async (): Promise<boolean> => {
		try {
			await access.call({ verb: 'read', key }, { signal }, async (deadline) => {
				const command = new ListPartsCommand({ ...upload, MaxParts: 1 });
				await client.send(command, { abortSignal: deadline.signal });
			});
			return false;
		} catch (error) {
			if (!(error instanceof BackupError) || error.code === 'storage_unreachable') throw error;
			return error.code === 'object_not_found';
		}
	};

	return {
		async write(chunk) {
			require('open', 'written');
			throwFailure();
			size += chunk.length;
			if (size > plan.mostBytes) throw outgrown(key, plan);
			for (let rest = chunk; rest.length > 0; ) {
				current ??= await openPart();
				const bytes = rest.subarray(0, plan.partBytes - current.length);
				await current.append(bytes);
				rest = rest.subarray(bytes.length);
				if (current.length < plan.partBytes) continue;
				await send(current);
				current = undefined;
			}
			reclaim(chunk);
			throwFailure();
		},

		async seal() {
			require('open', 'sealed');
			throwFailure();
			// An upload without any part can't be completed: an empty object has an empty one.
			if (current ?? started === 0) await send(current ?? (await openPart()));
			current = undefined;
			await Promise.all(underWay);
			throwFailure();
			if (stored !== size) {
				throw new BackupError('storage_failed', `${stored} bytes of ${key} were stored, but ${size} written`);
			}
			state = 'sealed';
		},

		async publish() {
			require('sealed', 'published');
			signal?.throwIfAborted();
			const completed = await outcomeOf(complete());
			if (completed.status === 'rejected' && !isNotFound(completed.reason)) throw completed.reason;
			if (completed.status === 'rejected' || completed.value !== 'created') {
				// An answer may have been lost on its way: then it was this upload that became the object.
				const ours = await isOurs();
				if (ours === undefined) throw notFound(`unpublished ${key}`, access.description);
				if (!ours) throw alreadyThere(key, access.description);
			}
			state = 'published';
			signal?.removeEventListener('abort', cancel);
		},

		async abort() {
			if (state === 'published' || state === 'aborted') return;
			state = 'aborted';
			signal?.removeEventListener('abort', cancel);
			cancelling.abort();
			await Promise.all(underWay);
			const left = await failureOf(current?.release() ?? Promise.resolve());
			const failed = await failureOf(abortUpload(access, key, uploadId));
			const error = joinErrors(failed, left);
			if (error !== undefined) throw error;
		},
	};
}

/** Works although the caller's signal is aborted: within a time of its own. An upload that is gone is fine. */
export async function abortUpload(access: S3Access, key: string, uploadId: string): Promise<void> {
	const { client, location, clock, random } = access;
	try {
		await retrying(
			async () =>
				await access.call(
					{ verb: 'delete', key },
					// One that hangs must leave time for another.
					{ signal: undefined, idleMs: Math.min(abortLastingMs / 3, access.timeOuts.idle) },
					async (deadline) =>
						await client.send(
							new AbortMultipartUploadCommand({
								Bucket: location.bucket,
								Key: access.nameOf(key),
								UploadId: uploadId,
							}),
							{ abortSignal: deadline.signal },
						),
				),
			{ clock, random, lastingMs: abortLastingMs, leastAttempts: 1 },
		);
	} catch (error) {
		if (!isNotFound(error)) throw error;
	}
}

function isNotFound(error: unknown): boolean {
	return error instanceof BackupError && error.code === 'object_not_found';
}

function outgrown(key: string, plan: PartPlan): BackupError {
	return new BackupError(
		'size_limit_exceeded',
		`${key} has grown beyond the ${plan.mostBytes} bytes that its parts were planned for`,
		{ hint: 'The source grew while it was read, or more than it was expected to be: run the backup again.' },
	);
}
