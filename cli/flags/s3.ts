/**
 * An S3 repository of the line: `s3://bucket/prefix`, flags for what is no secret, and the usual AWS variables
 * for the rest; keys are never on the line, which everybody on the machine can read. Throws `usage`,
 * `invalid_parameter`, and `storage_failed` for a certificate file that can't be read.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BackupError, s3Location, type RepositoryLocation } from '../../operations/index';
import { usage } from '../parse-arguments';
import type { Flag, Shell, Values } from '../verb';
import { wholeNumber } from './selection';

/** How the store is reached: for every verb that touches a repository. */
export const s3Flags = [
	{
		name: 'endpoint',
		value: 'URL',
		help: 'S3: address of the store; default AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, else AWS',
	},
	{ name: 'region', value: 'REGION', help: 'S3: default AWS_REGION or AWS_DEFAULT_REGION, else us-east-1' },
	{ name: 'no-path-style', help: 'S3: the bucket stands in the host name, not in the path' },
	{ name: 'ca-file', value: 'FILE', help: 'S3: certificates (PEM) of the authority of your own store' },
] as const satisfies readonly Flag[];

/** How archives are stored: for verbs that write some. */
export const s3WriteFlags = [
	{ name: 'storage-class', value: 'CLASS', help: 'S3: storage class of archives, e.g. STANDARD_IA' },
	{ name: 'sse', value: 'ALGORITHM', help: 'S3: encryption by the store: AES256, aws:kms or aws:kms:KEY' },
	{
		name: 'object-lock',
		value: 'MODE:DAYS',
		help: 'S3: the store keeps the backup so long, e.g. governance:30 or compliance:30',
	},
] as const satisfies readonly Flag[];

/** For the details of every verb with these flags. */
export const s3Sentence =
	'The keys of an S3 repository come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, never from the command line.';

export const versionsFlag = {
	name: 'versions',
	help: 'S3: look behind deletions and overwrites, in a bucket with versioning',
} as const satisfies Flag;

export type S3Values = Values<typeof s3Flags> &
	Partial<Values<typeof s3WriteFlags>> &
	Partial<Values<readonly [typeof versionsFlag]>>;

const scheme = /^s3:\/\//i;

export function isS3(text: string): boolean {
	return scheme.test(text);
}

/** `text`: `s3://bucket[/prefix]`. */
export async function s3Of(text: string, flags: S3Values, shell: Shell): Promise<RepositoryLocation> {
	const [bucket = '', ...prefix] = text.replace(scheme, '').split('/');
	if (bucket.includes('@')) {
		throw usage('keys do not belong into s3://', `Write s3://BUCKET/PREFIX and set ${keyVariables}.`);
	}
	const { env } = shell;
	const [algorithm, kmsKeyId] = encryptionOf(flags.sse ?? '');
	return s3Location({
		endpoint: flags.endpoint ?? first(env['AWS_ENDPOINT_URL_S3'], env['AWS_ENDPOINT_URL']),
		region: flags.region ?? first(env['AWS_REGION'], env['AWS_DEFAULT_REGION']),
		bucket,
		prefix: prefix.join('/'),
		pathStyle: !flags['no-path-style'],
		ca: await certificates(flags['ca-file'] ?? env['AWS_CA_BUNDLE'], shell),
		accessKeyId: required(env, 'AWS_ACCESS_KEY_ID'),
		secretAccessKey: required(env, 'AWS_SECRET_ACCESS_KEY'),
		sessionToken: env['AWS_SESSION_TOKEN'],
		storageClass: flags['storage-class'],
		serverSideEncryption: algorithm,
		kmsKeyId,
		objectLock: flags['object-lock'] === undefined ? undefined : lockOf(flags['object-lock']),
		versions: flags.versions,
	});
}

/** Flags that would silently do nothing for a repository of another kind. */
export function refuseS3Flags(flags: S3Values): void {
	const all = [...s3Flags, ...s3WriteFlags, versionsFlag];
	const given = all.find(({ name }) => flags[name] !== undefined && flags[name] !== false);
	if (given)
		throw usage(`--${given.name} goes with an S3 repository`, 'Write --repository s3://BUCKET/PREFIX.');
}

const keyVariables = 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';

function required(env: Shell['env'], name: string): string {
	const value = env[name];
	if (value !== undefined && value.trim() !== '') return value;
	throw usage(
		`the variable ${name} is not set`,
		`An S3 repository needs ${keyVariables} in the environment.`,
	);
}

/** An empty variable is as good as none. */
const first = (...values: readonly (string | undefined)[]): string => values.find((value) => value) ?? '';

function encryptionOf(text: string): [algorithm: string, kmsKeyId: string] {
	const kms = /^aws:kms:(.+)$/.exec(text)?.[1];
	return kms === undefined ? [text, ''] : ['aws:kms', kms];
}

function lockOf(text: string): { mode: string; days: number } {
	const [, mode = '', days = ''] = /^([a-z]+):(.*)$/i.exec(text) ?? [];
	if (!['governance', 'compliance'].includes(mode.toLowerCase())) {
		throw usage(
			`--object-lock ${JSON.stringify(text)} is not MODE:DAYS`,
			'Write governance:30 or compliance:30; nobody at all can delete before its time what compliance keeps.',
		);
	}
	return { mode, days: wholeNumber('object-lock', days, 1, 36_525) };
}

async function certificates(file: string | undefined, { directory }: Shell): Promise<string> {
	if (file === undefined || file === '') return '';
	const path = resolve(directory, file);
	try {
		return await readFile(path, 'utf8');
	} catch (cause) {
		throw new BackupError('storage_failed', `the certificate file ${path} can't be read`, {
			hint: 'Check --ca-file (or AWS_CA_BUNDLE) and its permissions.',
			cause,
		});
	}
}
