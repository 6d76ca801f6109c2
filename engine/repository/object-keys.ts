/**
 * Which keys an object may have: 1 to 1024 bytes of UTF-8, segments of 1 to 240 bytes between slashes,
 * none starting with a dot (so neither `.` nor `..`, nor a name that a storage hides), no NUL. Such a key
 * is a relative path that can't leave its root. Throws `invalid_parameter`.
 */
import { BackupError } from '../../protocol/errors';

const mostKeyBytes = 1024;
const fromSurrogates = /[\ud800-\uffff]/;
/** Leaves room for what a storage adds to make a temporary name of it (255 is the limit of file names). */
const mostSegmentBytes = 240;

/** The segments of a valid key. */
export function segmentsOf(key: string): string[] {
	const segments = key.split('/');
	if (Buffer.byteLength(key) > mostKeyBytes || !segments.every(isSegment)) throw refuse(key, 'an object key');
	return segments;
}

/** The segments of a valid prefix: empty, or keys of what could be a folder, ending in `/`. */
export function segmentsOfPrefix(prefix: string): string[] {
	if (prefix === '') return [];
	const segments = prefix.split('/');
	// A prefix inside a name would make the job `backup` match `backup-other`.
	if (segments.pop() !== '' || !segments.every(isSegment)) throw refuse(prefix, 'a prefix');
	return segments;
}

/** Whether a name found in a storage can be part of a key. */
export function isSegment(name: string): boolean {
	if (name === '' || name.startsWith('.') || name.includes('\0') || name.includes('/')) return false;
	return name.isWellFormed() && Buffer.byteLength(name) <= mostSegmentBytes;
}

/** Orders keys by their bytes, as every storage lists them. */
export function compareKeys(a: string, b: string): number {
	// Below the surrogates the order of bytes is that of strings; making bytes of 10,000 keys to sort them is slow.
	if (!fromSurrogates.test(a) && !fromSurrogates.test(b)) return a < b ? -1 : a > b ? 1 : 0;
	return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function refuse(key: string, what: string): BackupError {
	return new BackupError('invalid_parameter', `${JSON.stringify(key.slice(0, 200))} is not ${what}`);
}
