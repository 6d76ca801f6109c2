/** The headers that an object is created with: storage class, encryption by the server, object lock. */
import type { CreateMultipartUploadCommandInput } from '@aws-sdk/client-s3';
import type { S3Location } from '../../../protocol/location';
import { isArchive, isKept } from '../layout';

export type Traits = Pick<
	CreateMultipartUploadCommandInput,
	| 'StorageClass'
	| 'ServerSideEncryption'
	| 'SSEKMSKeyId'
	| 'ObjectLockMode'
	| 'ObjectLockRetainUntilDate'
	| 'ContentType'
>;

const dayMs = 24 * 60 * 60 * 1000;

/** `key`: as layout.ts makes it; internal objects get the encryption only. `now`: ms since the epoch. */
export function traitsOf(key: string, location: S3Location, now: number): Traits {
	const { storageClass, serverSideEncryption, objectLock } = location;
	const traits: { -readonly [name in keyof Traits]: Traits[name] } = {
		ContentType: key.endsWith('.json') ? 'application/json' : 'application/octet-stream',
	};
	if (storageClass !== null && isArchive(key)) {
		traits.StorageClass = storageClass as NonNullable<Traits['StorageClass']>;
	}
	if (serverSideEncryption !== null) {
		traits.ServerSideEncryption = serverSideEncryption.algorithm;
		if (serverSideEncryption.keyId !== null) traits.SSEKMSKeyId = serverSideEncryption.keyId;
	}
	if (objectLock !== null && isKept(key)) {
		traits.ObjectLockMode = objectLock.mode;
		traits.ObjectLockRetainUntilDate = new Date(now + objectLock.days * dayMs);
	}
	return traits;
}
