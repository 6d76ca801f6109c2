/** From the values of credentials/s3-store.ts to an S3 location. Throws `invalid_parameter`. */
import { s3Location, type RepositoryLocation } from '../../operations';
import type { Fields } from './fields';
import { pemText } from './host-settings';

export function s3Settings(fields: Fields): RepositoryLocation {
	return s3Location({
		endpoint: fields.text('s3Endpoint', 'Endpoint'),
		region: fields.text('s3Region', 'Region'),
		bucket: fields.required('s3Bucket', 'Bucket', 'Name the bucket that holds the repository.'),
		prefix: fields.text('s3Prefix', 'Prefix'),
		accessKeyId: fields.required('s3AccessKeyId', 'Access Key ID', keysHint),
		secretAccessKey: fields.required('s3SecretAccessKey', 'Secret Access Key', keysHint),
		// Hidden fields keep what was once in them.
		...(fields.flag('s3More', 'More S3 Settings') && moreSettings(fields)),
	});
}

const keysHint = 'Fill in the keys that the store made for this bucket.';

function moreSettings(fields: Fields) {
	const encryption = fields.oneOf('s3Encryption', 'Server-Side Encryption', ['none', 'AES256', 'aws:kms']);
	const mode = fields.oneOf('s3ObjectLock', 'Object Lock', ['none', 'governance', 'compliance']);
	return {
		pathStyle: fields.flag('s3PathStyle', 'Path Style'),
		ca: pemText(fields.text('s3CaCertificate', 'CA Certificate')),
		storageClass: fields.text('s3StorageClass', 'Storage Class'),
		serverSideEncryption: encryption,
		kmsKeyId: encryption === 'aws:kms' ? fields.text('s3KmsKeyId', 'KMS Key ID') : '',
		...(mode !== 'none' && {
			objectLock: { mode, days: fields.whole('s3ObjectLockDays', 'Keep Locked for (Days)', 1, 30) },
		}),
		sessionToken: fields.text('s3SessionToken', 'Session Token'),
	};
}
