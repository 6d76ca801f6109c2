/**
 * A repository in a bucket of an S3 store: see storage.ts for the contract. Objects are named
 * `<prefix>/<key>`; names whose segments start with a dot are internal (`.conditional`, `.claims/`) and hidden.
 * Nothing is tried again here but the parts of uploads (writer.ts).
 */
import {
	CreateMultipartUploadCommand,
	DeleteObjectCommand,
	GetObjectCommand,
	ListPartsCommand,
	PutObjectCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Clock, RandomSource } from '../../../protocol/environment';
import { BackupError } from '../../../protocol/errors';
import type { S3Location } from '../../../protocol/location';
import { alreadyThere, notFound } from '../local-errors';
import { segmentsOf, segmentsOfPrefix } from '../object-keys';
import { failureOf } from '../outcomes';
import { retrying } from '../retry';
import type { ByteRange, LinkOptions, ObjectWriter, Storage } from '../storage';
import { createAccess, type S3Access, type TimeOuts } from './client';
import { createExclusiveCreation, type ConditionalWrites } from './creation';
import { findObject, listObjects, uploadsOf } from './listing';
import { partBuffers } from './part-buffers';
import { planParts } from './parts';
import { readObject, wholeObject } from './reading';
import { traitsOf } from './traits';
import { createVersions } from './versions';
import { abortLastingMs, abortUpload, createS3Writer, nonceName } from './writer';

export interface S3StorageOptions {
	readonly clock: Clock;
	readonly random: RandomSource;
	/** A folder for parts that are too large for memory; null: none. */
	readonly scratch: string | null;
	readonly timeOuts?: TimeOuts;
	readonly conditionalWrites?: ConditionalWrites;
}

/** The storage at a location; nothing is asked of the server yet. */
export function createS3Storage(location: S3Location, options: S3StorageOptions): Storage {
	const access = createAccess(location, options);
	return location.versions ? viewOf(access) : storageOf(access, options);
}

function storageOf(access: S3Access, { scratch, conditionalWrites = 'probe' }: S3StorageOptions): Storage {
	const { client, location, clock } = access;
	const creation = createExclusiveCreation(access, conditionalWrites);
	/** Keys of which an upload may have begun without anybody knowing its id. */
	const doubtful = new Set<string>();

	return {
		...reading(access, async () => undefined),

		async size(key, signal) {
			segmentsOf(key);
			return await sizeOf(access, key, signal);
		},

		async *list(prefix, signal, after) {
			segmentsOfPrefix(prefix);
			yield* listObjects(access, prefix, signal, after);
		},

		async put(key, body, signal) {
			segmentsOf(key);
			return await creation.create(key, { signal }, async (condition, abortSignal) => {
				const command = new PutObjectCommand({
					Bucket: location.bucket,
					Key: access.nameOf(key),
					Body: body,
					ContentLength: body.length,
					ChecksumAlgorithm: 'CRC32',
					...traitsOf(key, location, clock.now()),
					...condition,
				});
				await client.send(command, { abortSignal });
			});
		},

		async create(key, signal, expectedBytes) {
			segmentsOf(key);
			signal?.throwIfAborted();
			const plan = planParts({ key, expectedBytes, hasScratch: scratch !== null });
			await creation.prepare(key, signal);
			if (await findObject(access, key, { verb: 'write', key }, signal))
				throw alreadyThere(key, access.description);
			const nonce = access.random.bytes(16).toString('hex');
			let uploadId: string;
			try {
				uploadId = await beginUpload(access, key, nonce, signal);
			} catch (error) {
				doubtful.add(key);
				throw error;
			}
			const openPart = partBuffers(plan, scratch, access.random);
			const writer = createS3Writer(access, creation, { key, uploadId, nonce, plan, openPart }, signal);
			return doubtful.has(key) ? leavingNothing(writer, access, key, doubtful) : writer;
		},

		async delete(key, signal) {
			segmentsOf(key);
			// The uploads first: a writer of this key that wakes up has nothing left to publish.
			for (const upload of await uploadsOf(access, key, signal)) {
				signal?.throwIfAborted();
				await abortUpload(access, key, upload);
			}
			await access.call({ verb: 'delete', key }, { signal }, async (deadline) => {
				const command = new DeleteObjectCommand({ Bucket: location.bucket, Key: access.nameOf(key) });
				await client.send(command, { abortSignal: deadline.signal });
			});
		},
	};
}

/** Every key as it was first: see `versions` of the location. */
function viewOf(access: S3Access): Storage {
	const versions = createVersions(access);
	const refuse = async (key: string): Promise<never> => {
		segmentsOf(key);
		throw new BackupError(
			'repository_unwritable',
			`can't change ${key} in ${access.description}: this is a view of the first versions`,
			{ hint: 'Open the repository without the view of versions to change it.' },
		);
	};
	return {
		isPast: true,
		...reading(access, async (key, signal) => (await versions.first(key, signal)).versionId),
		async size(key, signal) {
			segmentsOf(key);
			return (await versions.first(key, signal)).size;
		},
		async *list(prefix, signal, after) {
			segmentsOfPrefix(prefix);
			yield* versions.list(prefix, signal, after);
		},
		put: refuse,
		create: refuse,
		delete: refuse,
	};
}

type VersionOf = (key: string, signal: AbortSignal | undefined) => Promise<string | undefined>;

function reading(
	access: S3Access,
	versionOf: VersionOf,
): Pick<Storage, 'description' | 'get' | 'read'> & Required<Pick<Storage, 'link'>> {
	const { client, location } = access;
	const get = async function* (key: string, range: ByteRange = wholeObject, signal?: AbortSignal) {
		segmentsOf(key);
		requireRange(key, range);
		signal?.throwIfAborted();
		const version = await versionOf(key, signal);
		if (range.length > 0) yield* readObject(access, key, range, signal, version);
		else if (version === undefined) await sizeOf(access, key, signal);
	};
	return {
		description: access.description,
		get,

		async read(key, mostBytes, signal) {
			const chunks: Buffer[] = [];
			for await (const chunk of get(key, { offset: 0, length: mostBytes + 1 }, signal)) chunks.push(chunk);
			const body = Buffer.concat(chunks);
			if (body.length > mostBytes) {
				throw new BackupError(
					'storage_failed',
					`${key} in ${access.description} is longer than ${mostBytes} bytes`,
				);
			}
			return body;
		},

		async link(key, { expiresInSeconds, fileName }: LinkOptions, signal) {
			segmentsOf(key);
			signal?.throwIfAborted();
			const version = await versionOf(key, signal);
			const command = new GetObjectCommand({
				Bucket: location.bucket,
				Key: access.nameOf(key),
				ResponseContentDisposition: attachment(fileName),
				...(version === undefined ? {} : { VersionId: version }),
			});
			return await getSignedUrl(client, command, { expiresIn: expiresInSeconds });
		},
	};
}

async function sizeOf(access: S3Access, key: string, signal: AbortSignal | undefined): Promise<number> {
	const found = await findObject(access, key, { verb: 'read', key }, signal);
	if (!found) throw notFound(key, access.description);
	return found.size;
}

async function beginUpload(
	access: S3Access,
	key: string,
	nonce: string,
	signal: AbortSignal | undefined,
): Promise<string> {
	const { client, location, clock } = access;
	const { UploadId } = await access.call({ verb: 'write', key }, { signal }, async (deadline) => {
		const command = new CreateMultipartUploadCommand({
			Bucket: location.bucket,
			Key: access.nameOf(key),
			ChecksumAlgorithm: 'CRC32',
			Metadata: { [nonceName]: nonce },
			...traitsOf(key, location, clock.now()),
		});
		return await client.send(command, { abortSignal: deadline.signal });
	});
	if (UploadId !== undefined) return UploadId;
	throw new BackupError('storage_failed', `${access.description} gave no upload id for ${key}`);
}

/**
 * A writer after one whose beginning was in doubt: with its own end goes what that one may have begun. Once the
 * object is there, no upload of its key is of use; before that, only one without a part is nobody's.
 */
function leavingNothing(
	writer: ObjectWriter,
	access: S3Access,
	key: string,
	doubtful: Set<string>,
): ObjectWriter {
	let published = false;
	const removeUploads = async (isOfNoUse: (upload: string) => Promise<boolean>) => {
		for (const upload of await uploadsOf(access, key, undefined)) {
			if (await isOfNoUse(upload)) await abortUpload(access, key, upload);
		}
		doubtful.delete(key);
	};
	return {
		...writer,
		async publish() {
			await writer.publish();
			published = true;
			// The object is published whatever becomes of this; what stays, a deletion of the key removes.
			await failureOf(removeUploads(async () => true));
		},
		async abort() {
			await writer.abort();
			if (!published && doubtful.has(key)) {
				const { clock, random } = access;
				const remove = () => removeUploads((upload) => hasNoPart(access, key, upload));
				await retrying(remove, { clock, random, lastingMs: abortLastingMs, leastAttempts: 1 });
			}
		},
	};
}

async function hasNoPart(access: S3Access, key: string, uploadId: string): Promise<boolean> {
	const { client, location } = access;
	try {
		const { Parts = [] } = await access.call(
			{ verb: 'delete', key },
			{ signal: undefined },
			async (deadline) => {
				const upload = { Bucket: location.bucket, Key: access.nameOf(key), UploadId: uploadId };
				return await client.send(new ListPartsCommand({ ...upload, MaxParts: 1 }), {
					abortSignal: deadline.signal,
				});
			},
		);
		return Parts.length === 0;
	} catch (error) {
		// Gone meanwhile.
		if (error instanceof BackupError && error.code === 'object_not_found') return false;
		throw error;
	}
}

function requireRange(key: string, { offset, length }: ByteRange): void {
	const valid = Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(length) && length >= 0;
	if (!valid) throw new BackupError('invalid_parameter', `${offset} + ${length} is not a range of ${key}`);
}

/** A download under this name: plain for old browsers, and in full (RFC 6266). */
export function attachment(fileName: string): string {
	const plain = fileName.replaceAll(/[^A-Za-z0-9 ._()+-]/g, '_');
	const full = encodeURIComponent(fileName.toWellFormed()).replaceAll(
		/['()*]/g,
		(character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
	);
	return `attachment; filename="${plain}"; filename*=UTF-8''${full}`;
}
