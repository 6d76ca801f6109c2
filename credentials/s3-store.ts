/**
 * The fields that say where an S3 bucket is and with which keys, for a credential that has a location of the
 * kind "s3". Their values are read by nodes/shared/s3-settings.ts. Names start with `s3`: the credential has
 * certificates and hosts of other kinds too.
 */
import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';

const s3: IDisplayOptions = { show: { location: ['s3'] } };
const more = (show: IDisplayOptions['show'] = {}): IDisplayOptions => ({
	show: { location: ['s3'], s3More: [true], ...show },
});

export const s3Store: INodeProperties[] = [
	{
		displayName: 'Endpoint',
		name: 's3Endpoint',
		type: 'string',
		default: '',
		placeholder: 'e.g. https://s3.example.com (empty for AWS)',
		displayOptions: s3,
		description:
			'Address of the store as its provider names it, e.g. https://s3.REGION.example.com (Wasabi, Backblaze B2), https://REGION.example.com (Hetzner), https://your-host:9000 (MinIO). Leave it empty for AWS. Google Cloud Storage works with keys made for interoperability.',
	},
	{
		displayName: 'Region',
		name: 's3Region',
		type: 'string',
		default: 'us-east-1',
		placeholder: 'e.g. eu-central-1',
		displayOptions: s3,
		description: 'Where the bucket is. Stores of your own mostly take us-east-1.',
	},
	{
		displayName: 'Bucket',
		name: 's3Bucket',
		type: 'string',
		default: '',
		placeholder: 'e.g. my-backups',
		displayOptions: s3,
		description: 'It must exist; its name only, without address or folders',
	},
	{
		displayName: 'Prefix',
		name: 's3Prefix',
		type: 'string',
		default: '',
		placeholder: 'e.g. server1',
		displayOptions: s3,
		description: 'Folder in the bucket, so that it can hold other things too; empty for the whole bucket',
	},
	{
		displayName: 'Access Key ID',
		name: 's3AccessKeyId',
		type: 'string',
		default: '',
		displayOptions: s3,
		description:
			'Backups need a key that may list the bucket, and read and put objects. One that may not delete protects your backups from whoever takes over this server.',
	},
	{
		displayName: 'Secret Access Key',
		name: 's3SecretAccessKey',
		type: 'string',
		typeOptions: { password: true },
		default: '',
		displayOptions: s3,
		description: 'Shown by the store once, when the key was made',
	},
	{
		displayName: 'More S3 Settings',
		name: 's3More',
		type: 'boolean',
		default: false,
		displayOptions: s3,
		description:
			'Whether to set what most stores do not need: certificate, address style, storage class, encryption by the store, object lock, session token',
	},
	{
		displayName: 'Path Style',
		name: 's3PathStyle',
		type: 'boolean',
		default: true,
		displayOptions: more(),
		description:
			"Whether the bucket stands in the path (https://host/bucket) rather than in the host's name (https://bucket.host). Nearly every store takes the first; switch it off where the provider wants the second.",
	},
	{
		displayName: 'CA Certificate',
		name: 's3CaCertificate',
		type: 'string',
		typeOptions: { password: true, rows: 4 },
		default: '',
		placeholder: '-----BEGIN …',
		displayOptions: more(),
		description:
			"For a store of your own whose certificate is not signed by a public authority: that authority's certificate",
	},
	{
		displayName: 'Storage Class',
		name: 's3StorageClass',
		type: 'string',
		default: '',
		placeholder: 'e.g. STANDARD_IA',
		displayOptions: more(),
		description:
			"For archives only; empty for the bucket's own. With classes that must be thawed first (GLACIER, DEEP_ARCHIVE), archives can't be verified or restored until you have thawed them.",
	},
	{
		displayName: 'Server-Side Encryption',
		name: 's3Encryption',
		type: 'options',
		options: [
			{ name: 'As the Bucket Says', value: 'none' },
			{ name: "With the Store's Keys (AES256)", value: 'AES256' },
			{ name: 'With a KMS Key', value: 'aws:kms' },
		],
		default: 'none',
		displayOptions: more(),
		description: 'On top of our own encryption, which happens before anything leaves the Docker host',
	},
	{
		displayName: 'KMS Key ID',
		name: 's3KmsKeyId',
		type: 'string',
		default: '',
		displayOptions: more({ s3Encryption: ['aws:kms'] }),
		description: "Empty for the account's default key",
	},
	{
		displayName: 'Object Lock',
		name: 's3ObjectLock',
		type: 'options',
		options: [
			{ name: 'None', value: 'none' },
			{
				name: 'Governance',
				value: 'governance',
				description: 'Nobody can delete the backup before its time, but for those with a special permission',
			},
			{
				name: 'Compliance',
				value: 'compliance',
				description: 'Nobody at all can delete the backup before its time, not even the owner of the account',
			},
		],
		default: 'none',
		displayOptions: more(),
		description:
			'The store keeps every new archive for some days, whoever asks to delete it. The bucket must have been made with object lock.',
	},
	{
		displayName: 'Keep Locked for (Days)',
		name: 's3ObjectLockDays',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 30,
		displayOptions: more({ s3ObjectLock: ['governance', 'compliance'] }),
		description: 'From the moment of the backup; it cannot be shortened afterwards in compliance mode',
	},
	{
		displayName: 'Session Token',
		name: 's3SessionToken',
		type: 'string',
		typeOptions: { password: true },
		default: '',
		displayOptions: more(),
		description:
			'Only for temporary keys; such keys expire, so scheduled backups with them will fail one day',
	},
];
