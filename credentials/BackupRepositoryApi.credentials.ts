/**
 * A backup repository: where it is, and its keys. Tested by opening it, or finding that one may be made
 * there, and by writing and deleting a probe: on the local Docker host, or for S3 from n8n itself.
 */
import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';
import { dockerConnection } from './docker-connection';
import { s3Store } from './s3-store';

const onHost = { location: ['directory', 'volume'] };
const elsewhere = { ...onHost, testElsewhere: [true] };

// eslint-disable-next-line n8n-nodes-base/cred-class-field-documentation-url-missing -- there is no page on the web to name yet
export class BackupRepositoryApi implements ICredentialType {
	name = 'backupRepositoryApi';

	displayName = 'Backup Repository API';

	icon: Icon = { light: 'file:backupRepository.svg', dark: 'file:backupRepository.dark.svg' };

	properties: INodeProperties[] = [
		{
			displayName: 'Location',
			name: 'location',
			type: 'options',
			options: [
				{ name: 'Directory on the Docker Host', value: 'directory' },
				{
					name: 'Docker Volume',
					value: 'volume',
					description: 'A volume of its own, on the same Docker host',
				},
				{
					name: 'S3 or Compatible Storage',
					value: 's3',
					description: 'A bucket at AWS, another provider, or a store of your own',
				},
			],
			default: 'directory',
		},
		{
			displayName: 'Directory',
			name: 'directory',
			type: 'string',
			default: '',
			placeholder: 'e.g. /srv/backups',
			displayOptions: { show: { location: ['directory'] } },
			description: 'Absolute path on the Docker host, not inside the n8n container; it must exist',
		},
		{
			displayName: 'Volume',
			name: 'volume',
			type: 'string',
			default: '',
			placeholder: 'e.g. backups',
			displayOptions: { show: { location: ['volume'] } },
			description: 'It must exist (docker volume create backups)',
		},
		...s3Store,
		{
			displayName: 'Protect With',
			name: 'protection',
			type: 'options',
			options: [
				{ name: 'Encryption Key', value: 'key', description: '32 random bytes' },
				{
					name: 'Passphrase',
					value: 'passphrase',
					description: 'Words of your own; each use takes a moment longer',
				},
				{
					name: 'Nothing',
					value: 'none',
					description: 'No encryption, and nobody can tell forged records from yours',
				},
			],
			default: 'key',
			description: 'Archives are encrypted with it and records are signed with it',
		},
		{
			displayName:
				'Keep a copy of the key or passphrase outside this server. Without it nobody can restore, not even you.',
			name: 'keepACopy',
			type: 'notice',
			default: '',
			displayOptions: { show: { protection: ['key', 'passphrase'] } },
		},
		{
			displayName: 'Encryption Key',
			name: 'secretKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			displayOptions: { show: { protection: ['key'] } },
			description: 'Base64 of 32 random bytes; make one with: openssl rand -base64 32',
		},
		{
			displayName: 'Passphrase',
			name: 'passphrase',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			displayOptions: { show: { protection: ['passphrase'] } },
			description: 'Six or more random words',
		},
		{
			displayName: 'Previous Keys',
			name: 'previousKeys',
			type: 'fixedCollection',
			typeOptions: { multipleValues: true },
			placeholder: 'Add Previous Key',
			default: {},
			description: 'Keys and passphrases used here before: their archives stay readable',
			options: [
				{
					displayName: 'Key',
					name: 'keys',
					values: [
						{
							displayName: 'Type',
							name: 'type',
							type: 'options',
							options: [
								{ name: 'Encryption Key', value: 'key' },
								{ name: 'Passphrase', value: 'passphrase' },
							],
							default: 'key',
						},
						{
							displayName: 'Value',
							name: 'value',
							type: 'string',
							typeOptions: { password: true },
							default: '',
						},
					],
				},
			],
		},
		{
			displayName: 'Create Repository If Empty',
			name: 'createIfEmpty',
			type: 'boolean',
			default: true,
			description:
				'Whether the first backup makes a repository in an empty location. Switch it off once you have one: a wrong or unmounted path then fails.',
		},
		{
			displayName: 'Repository ID',
			name: 'repositoryId',
			type: 'string',
			default: '',
			description: 'When set, a repository with any other ID is refused. It stands in repository.json.',
		},
		{
			displayName: 'Test on Another Docker Host',
			name: 'testElsewhere',
			type: 'boolean',
			default: false,
			displayOptions: { show: onHost },
			description:
				"Whether this credential's test looks for the location on a Docker host other than the local one. Nodes always use the Docker host of their own credential.",
		},
		...dockerConnection(elsewhere),
		{
			displayName: 'Runner Image',
			name: 'runnerImage',
			type: 'string',
			default: 'node:24-bookworm-slim',
			displayOptions: { show: elsewhere },
		},
	];
}
