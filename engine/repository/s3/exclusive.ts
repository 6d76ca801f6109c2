/**
 * Creating an object only where there is none, on stores that don't keep `If-None-Match`. Who wants to create a
 * key raises a flag (an object of a name of its own) under the key's claims, and goes on once no other flag is up:
 *
 *   raise own flag → list the flags → only mine: look whether the object is there, create it, lower the flag
 *                                   → mine is the lowest: wait until the others are lowered, list again
 *                                   → else: lower mine, wait until none is up, start over
 *
 * Of two that raise flags at least one sees both, so never are two of them creating. A flag is written anew while
 * it is up; one that stands still for 30 s on the observer's own clock is of a process that died, and is ignored.
 * Needs listings that show what was written before them.
 */
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { BackupError } from '../../../protocol/errors';
import { failureOf } from '../outcomes';
import type { S3Access } from './client';
import { decodeName } from './listing';
import { traitsOf } from './traits';

const claimsFolder = '.claims/';
const deadAfterMs = 30_000;
const renewEveryMs = 5_000;
const lookEveryMs = 50;

interface Flag {
	readonly nonce: string;
	/** Changes whenever the flag is written. */
	readonly mark: string;
}

/** Runs `work` while this process alone may create the key. */
export async function whileClaimed<T>(
	access: S3Access,
	key: string,
	signal: AbortSignal | undefined,
	work: () => Promise<T>,
): Promise<T> {
	const flags = createFlags(access, key, signal);
	const renewing = new AbortController();
	let renewal: Promise<unknown> = Promise.resolve();
	try {
		await flags.raise();
		renewal = failureOf(renew(access, flags, renewing.signal));
		await flags.untilAlone();
		return await work();
	} finally {
		renewing.abort();
		await renewal;
		await flags.lower();
	}
}

async function renew(access: S3Access, flags: Flags, signal: AbortSignal): Promise<void> {
	for (;;) {
		await access.clock.sleep(renewEveryMs, signal);
		await flags.renew();
	}
}

interface Flags {
	raise(): Promise<void>;
	/** Writes the flag anew if it is up. */
	renew(): Promise<void>;
	untilAlone(): Promise<void>;
	lower(): Promise<void>;
}

function createFlags(access: S3Access, key: string, signal: AbortSignal | undefined): Flags {
	const { client, location, clock, random } = access;
	const folder = `${access.nameOf(claimsFolder)}${key}/`;
	const nonce = random.bytes(8).toString('hex');
	const attempt = { verb: 'write', key } as const;
	const seen = new Map<string, { readonly mark: string; readonly since: number }>();
	let isUp = false;
	let writes = 0;

	const write = async () =>
		await access.call(attempt, { signal }, async (deadline) => {
			const Body = Buffer.from(String((writes += 1)));
			const traits = traitsOf(claimsFolder, location, clock.now());
			await client.send(
				new PutObjectCommand({ Bucket: location.bucket, Key: `${folder}${nonce}`, Body, ...traits }),
				{ abortSignal: deadline.signal },
			);
		});

	/** A lowered flag must go whatever happened, so this listens to no signal. */
	const remove = async (which: string) =>
		await access.call(attempt, { signal: undefined }, async (deadline) => {
			await client.send(new DeleteObjectCommand({ Bucket: location.bucket, Key: `${folder}${which}` }), {
				abortSignal: deadline.signal,
			});
		});

	const list = async (): Promise<Flag[]> =>
		await access.call(attempt, { signal }, async (deadline) => {
			const { Contents = [] } = await client.send(
				new ListObjectsV2Command({
					Bucket: location.bucket,
					Prefix: folder,
					Delimiter: '/',
					EncodingType: 'url',
				}),
				{ abortSignal: deadline.signal },
			);
			return Contents.map(({ Key = '', ETag, LastModified }) => ({
				nonce: decodeName(Key).slice(folder.length),
				mark: `${ETag ?? ''} ${LastModified?.getTime() ?? 0}`,
			}));
		});

	/** Those of the others that moved lately, as far as this process could see. */
	const others = async (): Promise<string[]> => {
		const now = clock.monotonic();
		return (await list())
			.filter((flag) => flag.nonce !== nonce)
			.filter((flag) => {
				const before = seen.get(flag.nonce);
				if (before?.mark === flag.mark) return now - before.since < deadAfterMs;
				seen.set(flag.nonce, { mark: flag.mark, since: now });
				return true;
			})
			.map((flag) => flag.nonce);
	};

	const flags: Flags = {
		async raise() {
			// Before it is known to be up: an answer that is lost leaves a flag, too.
			isUp = true;
			await write();
		},
		async renew() {
			if (isUp) await write();
		},
		async untilAlone() {
			for (;;) {
				const rivals = await others();
				if (rivals.length === 0) return;
				if (rivals.some((rival) => rival < nonce)) {
					await flags.lower();
					while ((await others()).length > 0) await clock.sleep(lookEveryMs, signal);
					await flags.raise();
				} else {
					await clock.sleep(lookEveryMs, signal);
				}
			}
		},
		async lower() {
			if (!isUp) return;
			isUp = false;
			const failure = await failureOf(remove(nonce));
			// Keys that may not delete leave their flags; the object is created all the same.
			const denied = failure instanceof BackupError && failure.code === 'repository_unwritable';
			if (failure !== undefined && !denied) throw failure;
		},
	};
	return flags;
}
