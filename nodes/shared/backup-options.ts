/** The fields that nodes for backups of databases share, and their reading. Throws `invalid_parameter`. */
import type { INodeProperties } from 'n8n-workflow';
import type { BackupOptions } from '../../operations';
import type { Fields } from './fields';

export const jobName: INodeProperties = {
	displayName: 'Job Name',
	name: 'job',
	type: 'string',
	default: '',
	required: true,
	placeholder: 'e.g. databases',
	description:
		'Backups of the same job follow each other: latest, retention and alerts work per job. Letters, digits, dots, underscores and hyphens.',
};

/** For the collection "Options". */
export const backupOptions = {
	compression: {
		displayName: 'Compression',
		name: 'compression',
		type: 'options',
		options: [
			{ name: 'None', value: 'none', description: 'For data that is compressed already' },
			{ name: 'Zstandard', value: 'zstd' },
		],
		default: 'zstd',
	},
	compressionLevel: {
		displayName: 'Compression Level',
		name: 'compressionLevel',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: 19 },
		default: 1,
		description: '1 is fastest, 19 smallest; above 3 the gain is small and the time is not',
	},
	encrypt: {
		displayName: 'Encrypt',
		name: 'encrypt',
		type: 'boolean',
		default: true,
		description: "Whether to encrypt with the repository's key (AES-256-GCM)",
	},
	tags: {
		displayName: 'Tags',
		name: 'tags',
		type: 'string',
		default: '',
		placeholder: 'e.g. before-upgrade, monthly',
		description: 'Words to keep in the record, with commas between them',
	},
	lockWait: {
		displayName: 'Wait for a Running Backup (Seconds)',
		name: 'lockWait',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 0,
		description: 'How long to wait while another run of this job is under way; 0 fails at once',
	},
} as const satisfies Record<string, INodeProperties>;

export function backupOptionsOf(parameters: Fields): BackupOptions {
	const options = parameters.group('options', 'Options');
	return {
		job: parameters.required(
			'job',
			'Job Name',
			'Give the backup a name that stays the same, e.g. databases.',
		),
		compression: compression(options),
		encrypt: options.flag('encrypt', 'Encrypt', true),
		tags: options.names('tags', 'Tags'),
		lockWaitMs: options.whole('lockWait', 'Wait for a Running Backup (Seconds)', 0, 0) * 1000,
	};
}

function compression(options: Fields): BackupOptions['compression'] {
	const algorithm = options.oneOf('compression', 'Compression', ['zstd', 'none'], 'zstd');
	if (algorithm === 'none') return { algorithm, level: null };
	return { algorithm, level: options.whole('compressionLevel', 'Compression Level', 1, 1) };
}
