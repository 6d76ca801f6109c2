/** The repository in a process of its own; see process.ts. Commands as the `switch` below has them. */
import { createInterface } from 'node:readline';
import { acquireLease, type Lease } from '../../engine/repository/lease';
import { openStorage } from '../../engine/repository/open-storage';
import { formatRecord } from '../../engine/repository/records';
import { createRetryingStorage } from '../../engine/repository/retrying-storage';
import { cleanUpRun, staleRuns, writeRunMarker, type RunMarker } from '../../engine/repository/runs';
import { createS3Storage } from '../../engine/repository/s3/storage';
import type { ObjectWriter, Storage } from '../../engine/repository/storage';
import { systemClock } from '../../protocol/clock';
import type { Clock } from '../../protocol/environment';
import { toBackupError } from '../../protocol/errors';
import type { Location } from '../../protocol/location';
import { systemRandom } from '../../protocol/random';
import { failedRecord } from '../fakes/record';

export type Command =
	/** `skewMs`: by how much this process's wall clock is wrong. `claims`: as if the store kept no conditions. */
	| {
			readonly do: 'open';
			readonly location: Location;
			readonly skewMs?: number;
			readonly claims?: boolean;
	  }
	| {
			readonly do: 'acquire';
			readonly job: string;
			readonly runId: string;
			readonly ttlMs: number;
			readonly renewMs: number;
	  }
	| { readonly do: 'check' | 'release' | 'seal' | 'publish' }
	/** Closes the runs that died before, as the holder of the lease. */
	| { readonly do: 'clean'; readonly job: string }
	| { readonly do: 'put'; readonly key: string; readonly length: number }
	| { readonly do: 'create' | 'read'; readonly key: string }
	| { readonly do: 'write'; readonly length: number }
	| { readonly do: 'mark'; readonly marker: RunMarker };

export type Answer = { readonly ok: unknown } | { readonly failed: string; readonly message: string };

let storage: Storage;
let clock: Clock = systemClock;
let lease: Lease | undefined;
let writer: ObjectWriter | undefined;

async function answer(command: Command): Promise<unknown> {
	switch (command.do) {
		case 'open': {
			const { location, skewMs = 0, claims = false } = command;
			clock = { ...systemClock, now: () => systemClock.now() + skewMs };
			const surroundings = { scratch: null, clock, random: systemRandom } as const;
			const { signal } = new AbortController();
			storage = await openStorage(location, { ...surroundings, signal });
			if (claims && location.type === 's3') {
				const raw = createS3Storage(location, { ...surroundings, conditionalWrites: 'never' });
				storage = createRetryingStorage(raw, surroundings);
			}
			return null;
		}
		case 'acquire': {
			const { job, runId, ttlMs, renewMs } = command;
			lease = await acquireLease(storage, job, {
				runId,
				host: 'h',
				waitMs: 0,
				clock,
				ttlMs,
				renewMs,
			});
			return lease.generation;
		}
		case 'check':
			return await lease?.check();
		case 'release':
			return await lease?.release();
		case 'clean': {
			if (!lease) throw new Error('no lease');
			const stale = await staleRuns(storage, command.job, lease);
			const outcomes: string[] = [];
			for (const marker of stale) {
				const { id, job, seq } = marker;
				const recordText = formatRecord(failedRecord({ id, job, seq }), null);
				outcomes.push(await cleanUpRun(storage, marker, { recordText }));
			}
			return outcomes;
		}
		case 'put':
			return await storage.put(command.key, Buffer.alloc(command.length, 'p'));
		case 'read':
			return (await storage.read(command.key, 1 << 20)).length;
		case 'mark':
			return await writeRunMarker(storage, command.marker);
		case 'create':
			writer = await storage.create(command.key);
			return null;
		case 'write':
			return await writer?.write(Buffer.alloc(command.length, 'w'));
		case 'seal':
			return await writer?.seal();
		case 'publish':
			return await writer?.publish();
	}
}

async function main(): Promise<void> {
	for await (const line of createInterface({ input: process.stdin })) {
		let reply: Answer;
		try {
			reply = { ok: (await answer(JSON.parse(line) as Command)) ?? null };
		} catch (error) {
			const { code, message } = toBackupError(error);
			reply = { failed: code, message };
		}
		process.stdout.write(`${JSON.stringify(reply)}\n`);
	}
}

void main();
