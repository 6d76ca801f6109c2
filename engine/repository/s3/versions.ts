/**
 * A bucket with versioning as it was before anything was deleted or overwritten: each key by its oldest version
 * that still is there; delete markers count for nothing.
 */
import { ListObjectVersionsCommand, type ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3';
import { notFound } from '../local-errors';
import { compareKeys, isSegment } from '../object-keys';
import type { ListedObject } from '../storage';
import type { S3Access } from './client';
import { decodeName } from './listing';

export interface FirstVersion extends ListedObject {
	readonly versionId: string;
}

export interface Versions {
	/** Throws `object_not_found`. */
	first(key: string, signal: AbortSignal | undefined): Promise<FirstVersion>;
	list(prefix: string, signal: AbortSignal | undefined, after?: string): AsyncGenerator<ListedObject>;
}

/** A first version stays the first as long as it is there, so what a listing saw is kept; bounded. */
const mostKept = 100_000;

export function createVersions(access: S3Access): Versions {
	const kept = new Map<string, FirstVersion>();
	const keep = (version: FirstVersion) => {
		if (kept.size >= mostKept) kept.clear();
		kept.set(version.key, version);
	};
	return {
		async first(key, signal) {
			const known = kept.get(key);
			if (known) return known;
			for await (const version of firstVersions(access, key, 'read', signal)) {
				if (version.key !== key) break;
				keep(version);
				return version;
			}
			throw notFound(key, access.description);
		},

		async *list(prefix, signal, after) {
			for await (const version of firstVersions(access, prefix, 'list', signal)) {
				if (!version.key.split('/').every(isSegment)) continue;
				keep(version);
				if (after !== undefined && compareKeys(version.key, after) <= 0) continue;
				yield { key: version.key, size: version.size };
			}
		},
	};
}

/** The server lists keys ascending and of each key the newest version first. */
async function* firstVersions(
	access: S3Access,
	start: string,
	verb: 'read' | 'list',
	signal: AbortSignal | undefined,
): AsyncGenerator<FirstVersion> {
	const { client, location } = access;
	const root = access.nameOf('');
	let last: FirstVersion | undefined;
	let from: { KeyMarker?: string; VersionIdMarker?: string } = {};
	for (;;) {
		const answer: ListObjectVersionsCommandOutput = await access.call(
			{ verb, key: start },
			{ signal },
			async (deadline) => {
				const command = new ListObjectVersionsCommand({
					Bucket: location.bucket,
					Prefix: `${root}${start}`,
					EncodingType: 'url',
					...from,
				});
				return await client.send(command, { abortSignal: deadline.signal });
			},
		);
		for (const { Key = '', Size = 0, VersionId = 'null' } of answer.Versions ?? []) {
			signal?.throwIfAborted();
			const version = { key: decodeName(Key).slice(root.length), size: Size, versionId: VersionId };
			if (last && last.key !== version.key) yield last;
			last = version;
		}
		if (!answer.IsTruncated) break;
		from = {
			KeyMarker: decodeName(answer.NextKeyMarker ?? ''),
			VersionIdMarker: answer.NextVersionIdMarker ?? '',
		};
	}
	if (last) yield last;
}
