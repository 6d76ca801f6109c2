/**
 * Listings of a bucket, page by page, the next page asked for while one is read. Names come URL-encoded,
 * because XML can't carry every character of a key.
 */
import {
	ListMultipartUploadsCommand,
	ListObjectsV2Command,
	type ListMultipartUploadsCommandOutput,
} from '@aws-sdk/client-s3';
import { isSegment } from '../object-keys';
import type { ListedObject } from '../storage';
import type { S3Access } from './client';
import type { Attempt } from './errors';

interface Page {
	readonly objects: readonly ListedObject[];
	/** Where the next page starts; undefined after the last. */
	readonly next: string | undefined;
}

/** Objects whose names start with the prefix's, ascending; those with hidden or impossible keys left out. */
export async function* listObjects(
	access: S3Access,
	prefix: string,
	signal: AbortSignal | undefined,
	after?: string,
): AsyncGenerator<ListedObject> {
	let ahead: Promise<Page> | undefined = page(access, prefix, signal, { after });
	try {
		while (ahead) {
			const { objects, next }: Page = await ahead;
			ahead = undefined;
			if (next !== undefined) {
				ahead = page(access, prefix, signal, { token: next });
				// Awaited after these objects were read; a failure waits until then.
				ahead.catch(() => undefined);
			}
			for (const object of objects) {
				signal?.throwIfAborted();
				yield object;
			}
		}
	} finally {
		await ahead?.catch(() => undefined);
	}
}

async function page(
	access: S3Access,
	prefix: string,
	signal: AbortSignal | undefined,
	{ after, token }: { readonly after?: string | undefined; readonly token?: string },
): Promise<Page> {
	const { client, location } = access;
	const root = access.nameOf('');
	return await access.call({ verb: 'list', key: prefix }, { signal }, async (deadline) => {
		const answer = await client.send(
			new ListObjectsV2Command({
				Bucket: location.bucket,
				Prefix: `${root}${prefix}`,
				EncodingType: 'url',
				...(after === undefined ? {} : { StartAfter: `${root}${after}` }),
				...(token === undefined ? {} : { ContinuationToken: token }),
			}),
			{ abortSignal: deadline.signal },
		);
		const objects = (answer.Contents ?? [])
			.map(({ Key = '', Size = 0 }) => ({ key: decodeName(Key).slice(root.length), size: Size }))
			.filter(({ key }) => key.split('/').every(isSegment));
		return { objects, next: answer.IsTruncated ? answer.NextContinuationToken : undefined };
	});
}

/** The size of an object by its key, and whether it is there: unlike a HEAD, a listing says why it failed. `attempt`: for that. */
export async function findObject(
	access: S3Access,
	key: string,
	attempt: Attempt,
	signal: AbortSignal | undefined,
): Promise<{ readonly size: number } | undefined> {
	const { client, location } = access;
	return await access.call(attempt, { signal }, async (deadline) => {
		const answer = await client.send(
			new ListObjectsV2Command({
				Bucket: location.bucket,
				Prefix: access.nameOf(key),
				MaxKeys: 1,
				EncodingType: 'url',
			}),
			{ abortSignal: deadline.signal },
		);
		const [first] = answer.Contents ?? [];
		if (decodeName(first?.Key ?? '') !== access.nameOf(key)) return undefined;
		return { size: first?.Size ?? 0 };
	});
}

/** The unfinished multipart uploads of exactly this key. */
export async function uploadsOf(
	access: S3Access,
	key: string,
	signal: AbortSignal | undefined,
): Promise<string[]> {
	const { client, location } = access;
	const name = access.nameOf(key);
	const uploads: string[] = [];
	let from: { KeyMarker?: string; UploadIdMarker?: string } = {};
	for (;;) {
		const answer: ListMultipartUploadsCommandOutput = await access.call(
			{ verb: 'delete', key },
			{ signal },
			async (deadline) =>
				await client.send(
					new ListMultipartUploadsCommand({
						Bucket: location.bucket,
						Prefix: name,
						EncodingType: 'url',
						...from,
					}),
					{ abortSignal: deadline.signal },
				),
		);
		for (const { Key = '', UploadId } of answer.Uploads ?? []) {
			if (decodeName(Key) === name && UploadId !== undefined) uploads.push(UploadId);
		}
		const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = answer;
		const next = { KeyMarker: decodeName(NextKeyMarker ?? ''), UploadIdMarker: NextUploadIdMarker ?? '' };
		// Some servers say that there is more and then give the same page again.
		if (!IsTruncated || (next.KeyMarker === from.KeyMarker && next.UploadIdMarker === from.UploadIdMarker)) {
			return uploads;
		}
		from = next;
	}
}

/** `+` stands for a space here. */
export function decodeName(name: string): string {
	return decodeURIComponent(name.replaceAll('+', ' '));
}
