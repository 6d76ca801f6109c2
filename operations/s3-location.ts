/**
 * An S3 location from what users write, every mistake told before anything is asked of a store. Surrounding
 * spaces are dropped. Throws `invalid_parameter`, naming the part; never a key, not even half of one.
 */
import { X509Certificate } from 'node:crypto';
import { BackupError } from '../protocol/errors';
import type { S3Location } from '../protocol/location';

/** As users give it; what is empty or absent is the store's default. */
export interface S3Settings {
	/** `https://host[:port]`; empty: AWS. */
	readonly endpoint?: string;
	/** Empty: us-east-1, which stores that have no regions take. */
	readonly region?: string;
	readonly bucket: string;
	/** Folders in the bucket; slashes at either end don't count. */
	readonly prefix?: string;
	/** Default true: every store understands it, with any bucket name. */
	readonly pathStyle?: boolean;
	/** PEM. */
	readonly ca?: string;
	readonly accessKeyId: string;
	readonly secretAccessKey: string;
	readonly sessionToken?: string;
	readonly storageClass?: string;
	/** `none`, `AES256` or `aws:kms`. */
	readonly serverSideEncryption?: string;
	readonly kmsKeyId?: string;
	/** `mode`: `none`, `governance` or `compliance`, in any case. */
	readonly objectLock?: { readonly mode: string; readonly days: number };
	/** Looks behind delete markers and overwrites; such a view can't be written. */
	readonly versions?: boolean;
}

export function s3Location(settings: S3Settings): S3Location {
	const pathStyle = settings.pathStyle ?? true;
	return {
		type: 's3',
		endpoint: endpointOf(trimmed(settings.endpoint)),
		region: regionOf(trimmed(settings.region)),
		bucket: bucketOf(trimmed(settings.bucket), pathStyle),
		prefix: prefixOf(settings.prefix ?? ''),
		pathStyle,
		ca: certificateOf(trimmed(settings.ca)),
		accessKeyId: keyOf(settings.accessKeyId, 'access key ID'),
		secretAccessKey: keyOf(settings.secretAccessKey, 'secret access key'),
		sessionToken:
			trimmed(settings.sessionToken) === '' ? null : keyOf(settings.sessionToken, 'session token'),
		storageClass: storageClassOf(trimmed(settings.storageClass)),
		serverSideEncryption: encryptionOf(trimmed(settings.serverSideEncryption), trimmed(settings.kmsKeyId)),
		objectLock: settings.objectLock === undefined ? null : objectLockOf(settings.objectLock),
		versions: settings.versions ?? false,
	};
}

const trimmed = (text: string | undefined): string => (text ?? '').trim();
// eslint-disable-next-line no-control-regex -- they are what is looked for
const control = /[\x00-\x1f\x7f]/;
const invalid = (message: string, hint: string) => new BackupError('invalid_parameter', message, { hint });

function endpointOf(text: string): string | null {
	if (text === '') return null;
	const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
	if (scheme === undefined) {
		throw invalid(`the endpoint ${quoted(text)} has no scheme`, `Write https://${withoutSecrets(text)}.`);
	}
	if (scheme !== 'https' && scheme !== 'http') {
		throw invalid(
			`the endpoint's scheme ${scheme}:// is not one of S3`,
			'Write https://, or http:// for a store without TLS on a private network.',
		);
	}
	if (!URL.canParse(text) || control.test(text) || /\s/.test(text)) {
		throw invalid(
			`the endpoint ${quoted(text)} is no address`,
			'Write it as https://s3.example.com or https://host:port.',
		);
	}
	const url = new URL(text);
	if (url.username !== '' || url.password !== '') {
		throw invalid(
			`the endpoint at ${url.host} has keys in it`,
			`Write ${url.origin}, and give the keys as access key ID and secret access key.`,
		);
	}
	if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) {
		throw invalid(`the endpoint at ${url.host} has a query in it`, `Write ${url.origin}.`);
	}
	if (url.pathname !== '/') {
		throw invalid(
			`the endpoint ${quoted(text)} has a path`,
			`Write ${url.origin}; what follows belongs to the bucket and the prefix.`,
		);
	}
	return url.origin;
}

/** For a text that is shown before it was understood: what stands before an @ may be a key. */
const withoutSecrets = (text: string) => (text.split('@').at(-1) ?? '').replace(/[/?#].*$/s, '');
const quoted = (text: string) =>
	JSON.stringify(text.includes('@') ? `…@${withoutSecrets(text)}` : text.replace(/[?#].*$/s, ''));

function regionOf(text: string): string {
	if (text === '') return 'us-east-1';
	if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(text)) return text;
	throw invalid(`${JSON.stringify(text)} is no region`, 'Write e.g. eu-central-1, or leave it empty.');
}

/** What some store takes: AWS wants 3 to 63 of lowercase, digits, dots and hyphens, older Ceph allows more. */
function bucketOf(text: string, pathStyle: boolean): string {
	if (text === '') throw invalid('the bucket is missing', 'Name the bucket that holds the repository.');
	if (/^[a-z0-9]+:\/\//i.test(text)) {
		throw invalid(`the bucket ${JSON.stringify(text)} is an address`, 'Write only the name of the bucket.');
	}
	if (text.includes('/')) {
		const [name = '', ...folders] = text.split('/').filter((part) => part !== '');
		throw invalid(
			`the bucket ${JSON.stringify(text)} has a slash in it`,
			`Write ${name || 'its name'} as the bucket${folders.length > 0 ? ` and ${folders.join('/')} as the prefix` : ''}.`,
		);
	}
	const anyStore = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/;
	if (!anyStore.test(text) || text.includes('..') || /^\d+\.\d+\.\d+\.\d+$/.test(text)) {
		throw invalid(
			`${JSON.stringify(text)} is not the name of a bucket`,
			'Such names have 3 to 63 lowercase letters, digits, dots and hyphens.',
		);
	}
	if (!pathStyle && (!/^[a-z0-9.-]+$/.test(text) || text.length > 63)) {
		throw invalid(
			`the bucket ${JSON.stringify(text)} can't be part of a host name`,
			'Use path style for it.',
		);
	}
	return text;
}

/** Longer ones would leave too little of S3's 1,024 bytes for the keys below. */
const longestPrefix = 512;

function prefixOf(text: string): string {
	const prefix = text.trim().replace(/^\/+|\/+$/g, '');
	const shown = JSON.stringify(prefix);
	if (control.test(prefix) || !prefix.isWellFormed()) {
		throw invalid(`the prefix ${shown} has control characters in it`, 'Write plain folder names.');
	}
	const odd = prefix === '' ? undefined : prefix.split('/').find((part) => ['', '.', '..'].includes(part));
	if (odd !== undefined) {
		throw invalid(
			`the prefix ${shown} has ${odd === '' ? 'an empty part' : JSON.stringify(odd)} in it`,
			'Write folder names with one slash between them, e.g. backups/server1.',
		);
	}
	if (Buffer.byteLength(prefix) > longestPrefix) {
		throw invalid(`the prefix has more than ${longestPrefix} bytes`, 'Use a shorter one.');
	}
	return prefix;
}

function certificateOf(text: string): string | null {
	if (text === '') return null;
	const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
	try {
		for (const block of blocks) new X509Certificate(block);
		if (blocks.length > 0) return text;
	} catch {
		// Said below, as for a text without any block.
	}
	throw invalid(
		'the CA certificate of the S3 store is not a certificate',
		'Paste the whole PEM text, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.',
	);
}

function keyOf(given: string | undefined, what: string): string {
	const key = trimmed(given);
	if (key === '') {
		throw invalid(
			`the ${what} of the S3 store is missing`,
			'Give the keys that the store made for this bucket.',
		);
	}
	if (/[^\x21-\x7e]/.test(key)) {
		throw invalid(
			`the ${what} of the S3 store has characters that no key has`,
			'Copy it again, without line breaks.',
		);
	}
	return key;
}

function storageClassOf(text: string): string | null {
	if (text === '') return null;
	if (/^[A-Z][A-Z0-9_]{0,62}$/.test(text)) return text;
	throw invalid(
		`${JSON.stringify(text)} is no storage class`,
		'Write it as the store does, e.g. STANDARD_IA.',
	);
}

function encryptionOf(algorithm: string, keyId: string): S3Location['serverSideEncryption'] {
	if (algorithm === 'aws:kms') return { algorithm, keyId: keyId === '' ? null : keyId };
	if (keyId !== '') {
		throw invalid(
			'a KMS key is named, but the encryption is not by KMS',
			'Choose aws:kms, or leave the key out.',
		);
	}
	if (algorithm === '' || algorithm === 'none') return null;
	if (algorithm === 'AES256') return { algorithm, keyId: null };
	throw invalid(
		`${JSON.stringify(algorithm)} is no server-side encryption`,
		'Choose none, AES256 or aws:kms. Archives are encrypted before they leave, whatever you choose here.',
	);
}

/** A hundred years: more is a slip of the finger, and nobody could undo it. */
const mostDays = 36_525;

function objectLockOf({ mode, days }: NonNullable<S3Settings['objectLock']>): S3Location['objectLock'] {
	const upper = mode.trim().toUpperCase();
	if (upper === '' || upper === 'NONE') return null;
	if (upper !== 'GOVERNANCE' && upper !== 'COMPLIANCE') {
		throw invalid(`${JSON.stringify(mode)} is no mode of object lock`, 'Choose governance or compliance.');
	}
	if (Number.isSafeInteger(days) && days >= 1 && days <= mostDays) return { mode: upper, days };
	throw invalid(
		`object lock can't keep archives for ${days} days`,
		`Give a whole number from 1 to ${mostDays}, or switch object lock off.`,
	);
}
