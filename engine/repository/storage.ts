/**
 * The contract of every place that can hold a repository (a directory, S3, memory for tests). Small on
 * purpose: what one of them can't do for sure, none may be asked for. test/conformance/storage.ts runs
 * against each.
 *
 * - An object appears under its key whole and durable, or not at all, and never changes afterwards.
 * - Creating is exclusive: of any number of concurrent creators of a key exactly one wins.
 * - A creation, a deletion is seen by every listing and read that starts after it returned.
 * - Keys are `/`-separated (object-keys.ts; others: `invalid_parameter`). Sizes and offsets in bytes.
 * - An aborted signal rejects with its reason. A Buffer handed over belongs to the storage from then on.
 *
 * Any call may throw, naming the object: `repository_not_found` (the location itself is gone),
 * `repository_unwritable` (these credentials may not write, or not delete), `repository_full`,
 * `storage_denied` (they may not read either, or are wrong), `storage_cold` (archived away: not readable now),
 * `object_locked` (kept by the storage until a date), `storage_unreachable`, `storage_failed`.
 * Only `storage_unreachable` may be gone when tried again (retrying-storage.ts does).
 */

export interface Storage {
	/** The location in words, for messages: never a secret. */
	readonly description: string;

	/**
	 * A view of what was, behind deletions and overwrites, which can't be written. What says there that something
	 * is over or being deleted does not count.
	 */
	readonly isPast?: true;

	/** Creates a small object. `exists`: somebody else's object has that key, and nothing was changed. */
	put(key: string, body: Buffer, signal?: AbortSignal): Promise<'created' | 'exists'>;

	/**
	 * Starts an object of any size; nothing shows under its key before `publish`. Throws `object_exists`
	 * when the key is taken or, where that can be seen, being written (at the latest, `publish` does).
	 * `expectedBytes`: about how many are to come at most, for storages that must plan (multipart).
	 */
	create(key: string, signal?: AbortSignal, expectedBytes?: number): Promise<ObjectWriter>;

	/**
	 * The object's bytes, or those of a range; fewer (or none) when the object ends before the range does.
	 * Chunks of any size up to about 1 MiB. Throws `object_not_found` on the first read.
	 */
	get(key: string, range?: ByteRange, signal?: AbortSignal): AsyncIterable<Buffer>;

	/** A whole small object. Throws `object_not_found`, and `storage_failed` when it has more than `mostBytes`. */
	read(key: string, mostBytes: number, signal?: AbortSignal): Promise<Buffer>;

	/** Throws `object_not_found`. */
	size(key: string, signal?: AbortSignal): Promise<number>;

	/**
	 * Published objects below a prefix (empty, or ending in `/`), ascending by the bytes of their keys; only
	 * those behind the key `after`, which need not be there.
	 */
	list(prefix: string, signal?: AbortSignal, after?: string): AsyncIterable<ListedObject>;

	/**
	 * Removes the object and whatever an unfinished writer left of it: a writer of this key that is still
	 * alive somewhere can't publish any more. Absent is fine. A crash may undo a deletion: repeat it then.
	 */
	delete(key: string, signal?: AbortSignal): Promise<void>;

	/**
	 * Where the storage can sign one: a link by which anybody can download the object until it expires,
	 * under this file name. Does not look whether the object is there.
	 */
	link?(key: string, options: LinkOptions, signal?: AbortSignal): Promise<string>;
}

export interface LinkOptions {
	/** 1 to 604,800 (seven days). */
	readonly expiresInSeconds: number;
	readonly fileName: string;
}

/**
 * One object being written: write… → seal → publish, or abort. An error of a write surfaces in a later
 * write or, at the latest, in `seal`. Not for concurrent use.
 */
export interface ObjectWriter {
	/** Appends; resolves when the next chunk may come, which can be before this one is stored. */
	write(chunk: Buffer): Promise<void>;
	/** Every byte durable, and as many as were written. */
	seal(): Promise<void>;
	/** Gives the sealed object its key. Throws `object_exists`; `object_not_found` when it was deleted meanwhile. */
	publish(): Promise<void>;
	/** Removes what was written; nothing after `publish`. May be called at any time, and again. */
	abort(): Promise<void>;
}

export interface ByteRange {
	readonly offset: number;
	readonly length: number;
}

export interface ListedObject {
	readonly key: string;
	readonly size: number;
}
