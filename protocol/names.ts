/**
 * Names that become paths: jobs, archive ids, repository keys. Whatever does not match is refused here,
 * once, so that nothing below has to escape anything.
 */
import { BackupError } from './errors';

const jobPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const idPattern = /^([A-Za-z0-9][A-Za-z0-9._-]{0,160})-(\d{8}T\d{6}Z)-([0-9a-f]{4})$/;

/** Returns the name, or throws `invalid_job_name`. */
export function parseJobName(value: unknown): string {
	if (typeof value === 'string' && jobPattern.test(value) && !value.includes('..')) return value;
	throw new BackupError('invalid_job_name', `${JSON.stringify(value)} is not a job name`, {
		hint: 'Use 1 to 64 letters, digits, dots, underscores or hyphens, starting with a letter or digit, without "..".',
	});
}

export function isArchiveId(value: unknown): value is string {
	return typeof value === 'string' && idPattern.test(value) && !value.includes('..');
}

/** Returns the id, or throws `record_not_found`: an id of another shape names no archive. */
export function parseArchiveId(value: unknown): string {
	if (isArchiveId(value)) return value;
	throw new BackupError('record_not_found', `${JSON.stringify(value)} is not an archive id`, {
		hint: 'Ids look like nightly-20260131T030000Z-1f2e; list the records to see them.',
	});
}

/** A name of any origin as the slug of an id: lowercase letters, digits and hyphens, at most 40. */
export function slug(name: string): string {
	const cleaned = name
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, '-')
		.slice(0, 40)
		.replace(/^-+|-+$/g, '');
	return cleaned === '' ? 'x' : cleaned;
}

/**
 * `<job>-[<slug>-]<UTC yyyymmddThhmmssZ>-<4 hex>`; `at` in milliseconds. The four digits are the fraction of the
 * second in 1/1024, then six bits of `unique` (one byte is enough): ids of one second sort as they were made.
 */
export function archiveIdOf(job: string, part: string | undefined, at: number, unique: Buffer): string {
	const stamp = new Date(at)
		.toISOString()
		.replace(/[-:]/g, '')
		.replace(/\.\d+Z$/, 'Z');
	const middle = part === undefined ? '' : `${slug(part)}-`;
	const fraction = Math.floor((new Date(at).getUTCMilliseconds() * 1024) / 1000);
	const digits = ((fraction << 6) | (unique.readUInt8(0) & 63)).toString(16).padStart(4, '0');
	return `${job}-${middle}${stamp}-${digits}`;
}

/** Returns a path that is plainly below a root: relative, no part empty, `.` or `..`; or throws `invalid_parameter`. */
export function parsePathBelow(path: string): string {
	const parts = path.split('/');
	const plain = parts.every((part) => part !== '' && part !== '.' && part !== '..') && !path.includes('\0');
	if (plain) return path;
	throw new BackupError('invalid_parameter', `${JSON.stringify(path)} is not a path below its place's root`, {
		hint: 'Name it from the root of the volume or directory, such as data/app.sqlite, without "..".',
	});
}
