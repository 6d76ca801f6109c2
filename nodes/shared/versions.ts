/** The option to look behind deletions, for nodes that read a repository. */
import type { INodeProperties } from 'n8n-workflow';
import { BackupError, type RepositorySettings } from '../../operations';
import type { Fields } from './fields';

export const versionsOption: INodeProperties = {
	displayName: 'Look Behind Deletions',
	name: 'versions',
	type: 'boolean',
	default: false,
	description:
		'Whether to read an S3 bucket as it was before anything in it was deleted or overwritten. It finds backups that an attacker or a mistake removed, as long as the bucket keeps versions.',
};

/** The repository as these options want it read. Throws `invalid_parameter`. */
export function asOptionsSay(repository: RepositorySettings, options: Fields): RepositorySettings {
	if (!options.flag('versions', 'Look Behind Deletions')) return repository;
	const { location } = repository;
	if (location.type === 's3') return { ...repository, location: { ...location, versions: true } };
	throw new BackupError('invalid_parameter', 'only an S3 bucket keeps what was deleted from it', {
		hint: 'Switch "Look Behind Deletions" off, or choose a Backup Repository in S3.',
	});
}
