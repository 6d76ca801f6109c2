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
 * `repository_unwritable`, `repository_full`, `storage_unreachable`, `storage_failed`.
 */

export interface Storage {
	/** The location in words, for messages: never a secret. */
	readonly description: string;

	/** Creates a small object. `exists`: somebody else's object has that key, and nothing was changed. */
	put(key: string, body: Buffer, signal?: AbortSignal): Promise<'created' | 'exists'>;

	/**
	 * Starts an object of any size; nothing shows under its key before `publish`. Throws `object_exists`
	 * when the key is taken or, where that can be seen, being written (at the latest, `publish` does).
	 */
	create(key: string, signal?: AbortSignal): Promise<ObjectWriter>;

	/**
	 * The object's bytes, or those of a range; fewer (or none) when the object ends before the range does.
	 * Chunks of any size up to about 1 MiB. Throws `object_not_found` on the first read.
	 */
	get(key: string, range?: ByteRange, signal?: AbortSignal): AsyncIterable<Buffer>;

	/** A whole small object. Throws `object_not_found`, and `storage_failed` when it has more than `mostBytes`. */
	read(key: string, mostBytes: number, signal?: AbortSignal): Promise<Buffer>;

	/** Throws `object_not_found`. */
	size(key: string, signal?: AbortSignal): Promise<number>;

	/** Published objects below a prefix (empty, or ending in `/`), ascending by the bytes of their keys. */
	list(prefix: string, signal?: AbortSignal): AsyncIterable<ListedObject>;

	/**
	 * Removes the object and whatever an unfinished writer left of it: a writer of this key that is still
	 * alive somewhere can't publish any more. Absent is fine. A crash may undo a deletion: repeat it then.
	 */
	delete(key: string, signal?: AbortSignal): Promise<void>;
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
