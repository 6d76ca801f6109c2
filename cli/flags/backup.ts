/** What backups of every kind share: how their archives are stored. Throws `usage`. */
import { BackupError, type BackupOptions, type RepositorySettings } from '../../operations/index';
import type { Flag, Values } from '../verb';
import { dockerFlags } from './docker';
import { keyFlags } from './keys';
import { noCreateFlag, repositoryIdFlag } from './repository';
import { s3Flags, s3WriteFlags } from './s3';
import { wholeNumber } from './selection';

export const backupJobFlag = {
	name: 'job',
	value: 'JOB',
	help: 'Name that this backup is listed and kept under',
} as const satisfies Flag;

export const backupFlags = [
	...keyFlags,
	{ name: 'no-encrypt', help: 'Store the archive unencrypted' },
	{ name: 'level', value: 'N', help: 'zstd level from 1 (default) to 19; 0: no compression' },
	{ name: 'tag', value: 'TEXT', repeatable: true, help: 'Tag of the record' },
	{ name: 'lock-wait', value: 'SECONDS', help: 'Wait for another run of the job to end; default 0' },
	noCreateFlag,
	repositoryIdFlag,
	...s3Flags,
	...s3WriteFlags,
	...dockerFlags,
] as const satisfies readonly Flag[];

export type BackupValues = Values<typeof backupFlags> & Values<readonly [typeof backupJobFlag]>;

export function backupOptionsOf(flags: BackupValues): BackupOptions {
	const level = wholeNumber('level', flags.level ?? '1', 0, 19);
	return {
		job: flags.job ?? '',
		compression: level === 0 ? { algorithm: 'none', level: null } : { algorithm: 'zstd', level },
		encrypt: !flags['no-encrypt'],
		tags: flags.tag,
		lockWaitMs: wholeNumber('lock-wait', flags['lock-wait'] ?? '0', 0, 604_800) * 1000,
	};
}

/** Throws `key_missing`. */
export function requireKey(
	{ encrypt }: Pick<BackupOptions, 'encrypt'>,
	repository: RepositorySettings,
): void {
	if (!encrypt || repository.secret !== null) return;
	throw new BackupError('key_missing', 'no key to encrypt with', {
		hint: 'Give --key-file (make one with: docker-backup keygen --out FILE) or --passphrase-file, or say --no-encrypt.',
	});
}

export const needKey =
	'Archives are encrypted with the key of --key-file or --passphrase-file; without one, --no-encrypt is needed.';
