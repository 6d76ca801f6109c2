/**
 * Exclusive creation: a request that gives a key to an object does so only where there is none. By
 * `If-None-Match: *` where the store keeps it, which is tried once, on an internal object, before the first
 * write; else by claims (exclusive.ts).
 */
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3Access } from './client';
import { answerOf } from './errors';
import { whileClaimed } from './exclusive';
import { findObject } from './listing';
import { traitsOf } from './traits';

export interface Condition {
	readonly IfNoneMatch?: '*';
}

export type CreatingRequest = (condition: Condition, signal: AbortSignal) => Promise<unknown>;

export interface CreationOptions {
	readonly signal: AbortSignal | undefined;
	readonly idleMs?: number;
}

export interface ExclusiveCreation {
	/** Sends `request`, which creates `key`, unless an object has the key. */
	create(key: string, options: CreationOptions, request: CreatingRequest): Promise<'created' | 'exists'>;
	/** Finds out which way it goes, where that is not known yet: writing `key` begins. */
	prepare(key: string, signal: AbortSignal | undefined): Promise<void>;
}

/** `probe`: asks the store. `never`: it is known not to keep conditions. */
export type ConditionalWrites = 'probe' | 'never';

export const probeKey = '.conditional';
const mostConflicts = 8;
const conflictWaitMs = 100;

export function createExclusiveCreation(access: S3Access, writes: ConditionalWrites): ExclusiveCreation {
	const { clock } = access;
	let kept: boolean | undefined = writes === 'never' ? false : undefined;

	/** `conflict`: another request on the key came between, and neither can be told to have won. */
	const send = async (
		key: string,
		{ signal, idleMs }: CreationOptions,
		condition: Condition,
		request: CreatingRequest,
	): Promise<'created' | 'exists' | 'conflict'> =>
		await access.call(
			{ verb: 'write', key },
			{ signal, ...(idleMs === undefined ? {} : { idleMs }) },
			async (deadline) => {
				try {
					await request(condition, deadline.signal);
					return 'created';
				} catch (error) {
					const { name, status } = answerOf(error);
					if (name === 'PreconditionFailed' || status === 412) return 'exists';
					if (name === 'ConditionalRequestConflict') return 'conflict';
					throw error;
				}
			},
		);

	return {
		async prepare(key, signal) {
			kept ??= await keepsConditions(access, key, signal);
		},

		async create(key, options, request) {
			const { signal } = options;
			kept ??= await keepsConditions(access, key, signal);
			if (!kept) {
				return await whileClaimed(access, key, signal, async () => {
					if (await findObject(access, key, { verb: 'write', key }, signal)) return 'exists';
					const outcome = await send(key, options, {}, request);
					return outcome === 'conflict' ? 'exists' : outcome;
				});
			}
			for (let conflicts = 1; ; conflicts += 1) {
				const outcome = await send(key, options, { IfNoneMatch: '*' }, request);
				if (outcome !== 'conflict') return outcome;
				if (conflicts === mostConflicts) {
					throw access.explain(
						{ name: 'OperationAborted', message: 'others wrote it at the same time' },
						{ verb: 'write', key },
					);
				}
				await clock.sleep(conflictWaitMs * conflicts, signal);
			}
		},
	};
}

/** Writes the same internal object until the store says that it is there: a store that does so twice ignores conditions. */
async function keepsConditions(
	access: S3Access,
	key: string,
	signal: AbortSignal | undefined,
): Promise<boolean> {
	const { client, location, clock } = access;
	return await access.call({ verb: 'write', key }, { signal }, async (deadline) => {
		for (let tries = 1; tries <= 2; tries += 1) {
			try {
				await client.send(
					new PutObjectCommand({
						Bucket: location.bucket,
						Key: access.nameOf(probeKey),
						Body: Buffer.from('Shows whether this store keeps If-None-Match.\n'),
						IfNoneMatch: '*',
						...traitsOf(probeKey, location, clock.now()),
					}),
					{ abortSignal: deadline.signal },
				);
			} catch (error) {
				const { name, status } = answerOf(error);
				if (status === 412 || status === 409) return true;
				const refused = status === 501 || ['NotImplemented', 'InvalidArgument'].includes(name);
				if (refused) return false;
				throw error;
			}
			deadline.moved();
		}
		return false;
	});
}
