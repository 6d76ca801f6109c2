/** The repository in a process of its own; see process.ts. Commands as the `switch` below has them. */
import { createInterface } from 'node:readline';
import { acquireLease, type Lease } from '../../engine/repository/lease';
import { createLocalStorage } from '../../engine/repository/local-storage';
import { writeRunMarker, type RunMarker } from '../../engine/repository/runs';
import type { ObjectWriter } from '../../engine/repository/storage';
import { systemClock } from '../../protocol/clock';
import { toBackupError } from '../../protocol/errors';

export type Command =
	| { readonly do: 'open'; readonly directory: string }
	| {
			readonly do: 'acquire';
			readonly job: string;
			readonly runId: string;
			readonly ttlMs: number;
			readonly renewMs: number;
	  }
	| { readonly do: 'check' | 'release' | 'seal' | 'publish' }
	| { readonly do: 'put'; readonly key: string; readonly length: number }
	| { readonly do: 'create' | 'read'; readonly key: string }
	| { readonly do: 'write'; readonly length: number }
	| { readonly do: 'mark'; readonly marker: RunMarker };

export type Answer = { readonly ok: unknown } | { readonly failed: string; readonly message: string };

let storage = createLocalStorage('/nonexistent');
let lease: Lease | undefined;
let writer: ObjectWriter | undefined;

async function answer(command: Command): Promise<unknown> {
	switch (command.do) {
		case 'open':
			storage = createLocalStorage(command.directory);
			return null;
		case 'acquire': {
			const { job, runId, ttlMs, renewMs } = command;
			lease = await acquireLease(storage, job, {
				runId,
				host: 'h',
				waitMs: 0,
				clock: systemClock,
				ttlMs,
				renewMs,
			});
			return lease.generation;
		}
		case 'check':
			return await lease?.check();
		case 'release':
			return await lease?.release();
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
