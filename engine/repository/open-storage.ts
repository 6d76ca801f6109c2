/**
 * The storage of a location, with what a network may do to it dealt with. That it is there shows in its first
 * call (`repository_not_found`).
 */
import type { Clock, RandomSource } from '../../protocol/environment';
import type { Location } from '../../protocol/location';
import { createLocalStorage } from './local-storage';
import { createRetryingStorage } from './retrying-storage';
import type * as S3 from './s3/open';
import type { Storage } from './storage';

export interface StorageSurroundings {
	/** As a job says it. */
	readonly scratch: string | null;
	readonly clock: Clock;
	readonly random: RandomSource;
	/** Ends the opening; the calls have signals of their own. */
	readonly signal: AbortSignal;
	/** Whether somebody waits for an answer: then a server that can't be reached is given up sooner. */
	readonly attended?: boolean;
}

export async function openStorage(location: Location, surroundings: StorageSurroundings): Promise<Storage> {
	const { clock, random, signal } = surroundings;
	signal.throwIfAborted();
	switch (location.type) {
		case 'directory':
			return createLocalStorage(location.path);
		case 's3': {
			// Loaded only when needed: the AWS SDK is most of the engine's code, and takes its time.
			// eslint-disable-next-line @typescript-eslint/no-require-imports -- `import()` would need a bundler's file name
			const { openS3Storage } = require('./s3/open') as typeof S3;
			const storage = await openS3Storage(location, surroundings);
			return createRetryingStorage(storage, { clock, random });
		}
	}
}
