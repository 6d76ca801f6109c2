/** Where the repository is and with which keys: the flags of every verb that touches one. */
import { resolve } from 'node:path';
import type { RepositoryLocation, RepositorySettings } from '../../operations/index';
import { usage } from '../parse-arguments';
import type { Flag, Shell, Values } from '../verb';
import { secretsOf, type KeyValues } from './keys';
import { isS3, refuseS3Flags, s3Of, type S3Values } from './s3';

export const repositoryFlag = {
	name: 'repository',
	value: 'REPOSITORY',
	help: 'A directory, volume:NAME for a Docker volume, or s3://BUCKET/PREFIX',
} as const satisfies Flag;

export const repositoryIdFlag = {
	name: 'repository-id',
	value: 'ID',
	help: 'Refuse a repository that has another id',
} as const satisfies Flag;

export const noCreateFlag = {
	name: 'no-create',
	help: 'Refuse an empty location instead of making it a repository',
} as const satisfies Flag;

export type RepositoryValues = Values<readonly [typeof repositoryFlag, typeof repositoryIdFlag]> &
	KeyValues &
	S3Values;

/** `mayCreate`: whether an empty location may become a repository. Throws `usage`, and what the key files' errors are. */
export async function repositoryOf(
	flags: RepositoryValues,
	shell: Shell,
	mayCreate: boolean,
): Promise<RepositorySettings> {
	const location = await locationOf(flags.repository ?? '', flags, shell);
	const { secret, previousSecrets } = await secretsOf(flags, shell.directory);
	return { location, secret, previousSecrets, mayCreate, id: flags['repository-id'] ?? null };
}

/** A repository of any kind; `flags` are those of its S3 store. */
export async function locationOf(text: string, flags: S3Values, shell: Shell): Promise<RepositoryLocation> {
	if (isS3(text)) return await s3Of(text, flags, shell);
	refuseS3Flags(flags);
	return parseLocation(text, shell.directory);
}

/** A relative path starts from `directory`. */
export function parseLocation(text: string, directory: string): RepositoryLocation {
	const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
	if (scheme !== undefined) {
		throw usage(
			`${scheme}:// is no kind of repository`,
			'Use a directory, volume:NAME or s3://BUCKET/PREFIX (with --endpoint for stores other than AWS).',
		);
	}
	if (!text.startsWith('volume:')) return { type: 'directory', path: resolve(directory, text) };
	const name = text.slice('volume:'.length);
	if (name === '' || name.includes('/')) {
		throw usage(
			`${JSON.stringify(text)} names no Docker volume`,
			'Write volume:NAME, or ./volume:… for a directory of that name.',
		);
	}
	return { type: 'volume', name };
}
