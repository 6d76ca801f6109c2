/**
 * Where a repository is, as the engine sees it. The access keys of an S3 location are the only secret that a
 * job frame holds: it travels by stdin and is never printed; messages name a location by `describeLocation`.
 * Throws `protocol_violation` for a shape that nobody sends; what users get wrong is checked where they say it.
 */
import { Reader, type Fields } from './parse';

export type Location = DirectoryLocation | S3Location;

export interface DirectoryLocation {
	readonly type: 'directory';
	readonly path: string;
}

export interface S3Location {
	readonly type: 's3';
	/** `https://host[:port]`; null: AWS, by the region. */
	readonly endpoint: string | null;
	readonly region: string;
	readonly bucket: string;
	/** Empty, or segments joined by `/`, without one at either end. */
	readonly prefix: string;
	/** `https://host/bucket/key` instead of `https://bucket.host/key`. */
	readonly pathStyle: boolean;
	/** PEM of the certificate authorities to trust besides the usual ones. */
	readonly ca: string | null;
	readonly accessKeyId: string;
	readonly secretAccessKey: string;
	readonly sessionToken: string | null;
	/** Storage class of archives, e.g. `STANDARD_IA`; null: the bucket's. Small objects never get one. */
	readonly storageClass: string | null;
	/** Encryption by the server; null: the bucket's own. */
	readonly serverSideEncryption: {
		readonly algorithm: 'AES256' | 'aws:kms';
		readonly keyId: string | null;
	} | null;
	/** How long the bucket must keep each archive, its index and records; null: not asked for. */
	readonly objectLock: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly days: number } | null;
	/**
	 * Looks behind delete markers and overwrites of a bucket with versioning: each key shows the first
	 * version that it ever had. Such a view can't be written.
	 */
	readonly versions: boolean;
}

const reader = new Reader('protocol_violation', 'location');

export function parseLocation(value: unknown): Location {
	const f = reader.fields(value, 'location');
	const type = reader.oneOf(f, 'type', ['directory', 's3']);
	if (type === 'directory') return { type, path: reader.string(f, 'path') };
	return {
		type,
		endpoint: text(f, 'endpoint'),
		region: reader.string(f, 'region'),
		bucket: reader.string(f, 'bucket'),
		prefix: reader.string(f, 'prefix'),
		pathStyle: reader.boolean(f, 'pathStyle'),
		ca: text(f, 'ca'),
		accessKeyId: reader.string(f, 'accessKeyId'),
		secretAccessKey: reader.string(f, 'secretAccessKey'),
		sessionToken: text(f, 'sessionToken'),
		storageClass: text(f, 'storageClass'),
		serverSideEncryption: reader.nullable(f, 'serverSideEncryption', (x, n) => {
			const encryption = reader.fields(x[n], n);
			return {
				algorithm: reader.oneOf(encryption, 'algorithm', ['AES256', 'aws:kms']),
				keyId: text(encryption, 'keyId'),
			};
		}),
		objectLock: reader.nullable(f, 'objectLock', (x, n) => {
			const lock = reader.fields(x[n], n);
			return {
				mode: reader.oneOf(lock, 'mode', ['GOVERNANCE', 'COMPLIANCE']),
				days: reader.integer(lock, 'days', 1),
			};
		}),
		versions: reader.boolean(f, 'versions'),
	};
}

/** A location in words, for messages: never a secret. */
export function describeLocation(location: Location): string {
	if (location.type === 'directory') return `directory ${location.path}`;
	const { bucket, prefix, endpoint } = location;
	const path = prefix === '' ? bucket : `${bucket}/${prefix}`;
	return `s3://${path}${endpoint === null ? '' : ` at ${endpoint}`}`;
}

const text = (f: Fields, name: string) => reader.nullable(f, name, (x, n) => reader.string(x, n));
