/**
 * Opens the storage of an S3 location, after a look at what every backup needs: that the bucket is there, that
 * these keys may list it, and that it can lock objects where that is asked for. Throws what storage.ts says,
 * and `invalid_parameter` for a wrong region or a bucket without object lock.
 */
import { GetObjectLockConfigurationCommand } from '@aws-sdk/client-s3';
import type { S3Location } from '../../../protocol/location';
import { BackupError } from '../../../protocol/errors';
import type { StorageSurroundings } from '../open-storage';
import { retrying, shortRetryPolicy } from '../retry';
import type { Storage } from '../storage';
import { createAccess, type S3Access } from './client';
import { findObject } from './listing';
import { probeKey } from './creation';
import { createS3Storage } from './storage';

export async function openS3Storage(
	location: S3Location,
	{ scratch, clock, random, signal, attended = false }: StorageSurroundings,
): Promise<Storage> {
	const access = createAccess(location, { clock, random });
	await retrying(
		async () => {
			await requireBucket(access, signal);
			if (location.objectLock !== null && !location.versions) await requireObjectLock(access, signal);
		},
		// Nothing tells a mistyped address from a server that restarts.
		{ clock, random, signal, ...(attended && shortRetryPolicy) },
	);
	access.client.destroy();
	return createS3Storage(location, { scratch, clock, random });
}

/** A listing, because its answer says what is wrong; which key is looked for does not matter. */
async function requireBucket(access: S3Access, signal: AbortSignal): Promise<void> {
	await findObject(access, probeKey, { verb: 'read', key: '' }, signal);
}

async function requireObjectLock(access: S3Access, signal: AbortSignal): Promise<void> {
	const { client, location, description } = access;
	const attempt = { verb: 'read', key: '' } as const;
	try {
		const { ObjectLockConfiguration } = await access.call(attempt, { signal }, async (deadline) => {
			const command = new GetObjectLockConfigurationCommand({ Bucket: location.bucket });
			return await client.send(command, { abortSignal: deadline.signal });
		});
		if (ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled') return;
	} catch (error) {
		// Keys that may only write and read can't ask: the first creation says it then, before a byte is read.
		if (error instanceof BackupError && error.code === 'storage_denied') return;
		throw error;
	}
	throw new BackupError('invalid_parameter', `object lock is asked for, but ${description} has none`, {
		hint: 'Object lock is chosen when a bucket is created: use such a bucket, or ask for no lock.',
	});
}
