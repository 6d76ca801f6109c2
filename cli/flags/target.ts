/**
 * Where copies go: `--to`, any number of times, with keys and S3 stores of their own by `--to-…` flags. What is
 * not given is as at the source: its key, its store (when it is in one), its AWS variables; each of those can
 * be given anew as TO_AWS_…. Throws `usage`, and what the flags of the source throw.
 */
import type { CopyTarget, RepositorySettings } from '../../operations/index';
import { usage } from '../parse-arguments';
import type { Flag, Shell, Values } from '../verb';
import { secretsOf, type Secrets } from './keys';
import { parseLocation } from './repository';
import { isS3, s3Of, type S3Values } from './s3';

const targetKeyFlags = [
	{ name: 'to-key-file', value: 'FILE', help: "The target's encryption key, when it has its own" },
	{ name: 'to-passphrase-file', value: 'FILE', help: "The target's passphrase, when it has its own" },
	{ name: 'to-previous-key-file', value: 'FILE', repeatable: true, help: 'A former key of the target' },
	{
		name: 'to-previous-passphrase-file',
		value: 'FILE',
		repeatable: true,
		help: 'A former passphrase of the target',
	},
	{ name: 'to-no-key', help: 'The target has no key: its records are not signed' },
] as const satisfies readonly Flag[];

const targetStoreFlags = [
	{ name: 'to-endpoint', value: 'URL', help: "S3: the target's store, when it is another than the source's" },
	{ name: 'to-region', value: 'REGION', help: "S3: the target's region" },
	{ name: 'to-no-path-style', help: "S3: the target's bucket stands in the host name" },
	{
		name: 'to-ca-file',
		value: 'FILE',
		help: "S3: certificates (PEM) of the authority of the target's store",
	},
	{ name: 'to-storage-class', value: 'CLASS', help: 'S3: storage class of the copies' },
	{ name: 'to-sse', value: 'ALGORITHM', help: 'S3: encryption by the store: AES256, aws:kms or aws:kms:KEY' },
	{ name: 'to-object-lock', value: 'MODE:DAYS', help: 'S3: the store keeps the copies so long' },
] as const satisfies readonly Flag[];

export const targetFlags = [
	{
		name: 'to',
		value: 'REPOSITORY',
		repeatable: true,
		help: 'Where to copy to: a directory, volume:NAME or s3://BUCKET/PREFIX',
	},
	...targetKeyFlags,
	...targetStoreFlags,
] as const satisfies readonly Flag[];

export type TargetValues = Values<typeof targetFlags>;

/** `source`: what the target takes over where nothing else is given. */
export async function targetsOf(
	flags: TargetValues,
	source: { readonly settings: RepositorySettings; readonly store: S3Values },
	shell: Shell,
	mayCreate: boolean,
): Promise<CopyTarget[]> {
	if (flags.to.length === 0) throw usage('copy needs --to');
	const idle = targetStoreFlags.find(({ name }) => flags[name] !== undefined && flags[name] !== false);
	if (idle && !flags.to.some(isS3)) throw usage(`--${idle.name} goes with --to s3://BUCKET/PREFIX`);
	const secrets = await targetSecrets(flags, source.settings, shell.directory);
	const env = targetEnvironment(shell.env);
	const store = storeOf(flags, source, namesStore(shell.env));
	const targets: CopyTarget[] = [];
	for (const name of flags.to) {
		const location = isS3(name)
			? await s3Of(name, store, { ...shell, env })
			: parseLocation(name, shell.directory);
		targets.push({ name, repository: { location, ...secrets, mayCreate, id: null } });
	}
	return targets;
}

async function targetSecrets(flags: TargetValues, source: Secrets, directory: string): Promise<Secrets> {
	const { secret, previousSecrets } = await secretsOf(
		{
			'key-file': flags['to-key-file'],
			'passphrase-file': flags['to-passphrase-file'],
			'previous-key-file': flags['to-previous-key-file'],
			'previous-passphrase-file': flags['to-previous-passphrase-file'],
		},
		directory,
	);
	if (flags['to-no-key']) {
		if (secret === null && previousSecrets.length === 0) return { secret, previousSecrets };
		throw usage('--to-no-key excludes keys of the target');
	}
	if (secret !== null) return { secret, previousSecrets };
	return { secret: source.secret, previousSecrets: [...source.previousSecrets, ...previousSecrets] };
}

/** Another endpoint is another store: nothing of the source's is good for it. */
function storeOf(
	flags: TargetValues,
	{ settings, store }: { readonly settings: RepositorySettings; readonly store: S3Values },
	isNamed: boolean,
): S3Values {
	const inherits = flags['to-endpoint'] === undefined && !isNamed && settings.location.type === 's3';
	return {
		endpoint: flags['to-endpoint'] ?? (inherits ? store.endpoint : undefined),
		region: flags['to-region'] ?? (inherits ? store.region : undefined),
		'no-path-style': flags['to-no-path-style'] || (inherits && store['no-path-style']),
		'ca-file': flags['to-ca-file'] ?? (inherits ? store['ca-file'] : undefined),
		'storage-class': flags['to-storage-class'],
		sse: flags['to-sse'],
		'object-lock': flags['to-object-lock'],
	};
}

const namesStore = (env: Shell['env']): boolean =>
	Boolean(env['TO_AWS_ENDPOINT_URL_S3'] || env['TO_AWS_ENDPOINT_URL']);

/** TO_AWS_… in the place of AWS_…; a key of its own leaves the source's session behind, a store its address. */
export function targetEnvironment(env: Shell['env']): Shell['env'] {
	const merged: Record<string, string | undefined> = { ...env };
	if (env['TO_AWS_ACCESS_KEY_ID']) delete merged['AWS_SESSION_TOKEN'];
	if (namesStore(env)) delete merged['AWS_ENDPOINT_URL_S3'];
	for (const [name, value] of Object.entries(env)) {
		if (name.startsWith('TO_AWS_') && value) merged[name.slice('TO_'.length)] = value;
	}
	return merged;
}
