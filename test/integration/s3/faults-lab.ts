/** Whole backups by the built engine in a process of its own, as operations drive one, and what they leave. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatRecord, splitRecord } from '../../../engine/repository/records';
import { parseObjectKey } from '../../../engine/repository/layout';
import { createS3Storage } from '../../../engine/repository/s3/storage';
import { introduce } from '../../../operations/introduce';
import { converse } from '../../../operations/session';
import type { OperationContext, OperationEvent } from '../../../operations/settings';
import { closingRecord } from '../../../operations/stale-runs';
import { planArchives } from '../../../operations/volume-sources';
import { systemClock } from '../../../protocol/clock';
import type { EngineExit, EngineProcess } from '../../../protocol/engine-process';
import { emptyGo } from '../../../protocol/job';
import type { S3Location } from '../../../protocol/location';
import { systemRandom } from '../../../protocol/random';
import type { BackupRecord } from '../../../protocol/record';
import type { PrivateServer } from './private-server';

const bundle = join(__dirname, '../../../dist/engine/engine.js');
if (!existsSync(bundle)) throw new Error(`${bundle} is missing: run "npm run build" first`);

export interface BackupRequest {
	readonly location: S3Location;
	readonly job: string;
	/** A folder `<somewhere>/volumes/<name>`. */
	readonly source: string;
	readonly level?: number;
	/** How many times faster time passes for the engine. */
	readonly hurry?: number;
	/** How far its wall clock is off. */
	readonly skewMs?: number;
}

export interface RunningBackup {
	readonly events: readonly OperationEvent[];
	/** What is stored in the end, or the run's failure. */
	readonly records: Promise<readonly BackupRecord[]>;
	/** SIGKILL of the engine. */
	kill(): Promise<void>;
}

export function startBackup(request: BackupRequest): RunningBackup {
	const events: OperationEvent[] = [];
	const { hurry = 1 } = request;
	const engine = startEngine(hurry, request.skewMs ?? 0);
	const context: OperationContext = {
		clock: systemClock,
		random: systemRandom,
		signal: new AbortController().signal,
		workflow: null,
		onEvent: (event) => events.push(event),
	};
	const records = drive(context, engine, request);
	// Awaited by the test, after whatever else it does.
	records.catch(() => undefined);
	return { events, records, kill: () => engine.stop() };
}

export const backUp = (request: BackupRequest) => startBackup(request).records;

async function drive(
	context: OperationContext,
	engine: EngineProcess,
	{ location, job, source, level = 1, hurry = 1 }: BackupRequest,
): Promise<readonly BackupRecord[]> {
	const repository = { location, secret: null, previousSecrets: [], mayCreate: true, id: null };
	const name = source.split('/').at(-1)!;
	const sources = [{ type: 'directory', name, path: source, from: source }] as const;
	return await converse(
		context,
		async () => engine,
		async (session) => {
			// The engine's minute of patience is shorter than ours, by as much as it is in a hurry.
			const pulse = setInterval(() => session.send('heartbeat'), 10_000 / hurry);
			try {
				session.send('job', {
					version: 1,
					verb: 'backup',
					runId: context.random.bytes(8).toString('hex'),
					location,
					scratch: null,
					job,
					host: 'test',
					archives: planArchives(job, sources, false, context),
					exclude: [],
					compression: { algorithm: 'zstd', level },
					encrypt: false,
					lockWaitMs: 0,
					quiesced: false,
					busyLimitMs: 0,
				});
				await introduce(session, repository, context);
				const { staleRuns } = await session.next('ready');
				const closeRuns = staleRuns.map((run) => ({
					id: run.id,
					recordText: formatRecord(closingRecord(run, context.clock.now()), null),
				}));
				session.send('go', { ...emptyGo, closeRuns });
				const proposed: BackupRecord[] = [];
				for (;;) {
					const event = await session.next('sealed', 'failed', 'stored', 'source-read', 'done');
					if (event.event === 'done') return proposed;
					if (event.event !== 'sealed' && event.event !== 'failed') continue;
					proposed.push(event.record);
					session.send('commit', { id: event.record.id, recordText: formatRecord(event.record, null) });
				}
			} finally {
				clearInterval(pulse);
			}
		},
	);
}

function startEngine(hurry: number, skewMs: number): EngineProcess {
	const preload = join(__dirname, '../../fakes/hurry.cjs');
	const child = spawn(process.execPath, ['--no-warnings', '--require', preload, bundle], {
		env: { PATH: process.env['PATH'], HURRY: String(hurry), SKEW_MS: String(skewMs) },
		stdio: 'pipe',
	});
	for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
	const exited = new Promise<EngineExit>((resolve) => {
		child.once('close', (code) => resolve({ exitCode: code ?? 137, outOfMemory: false, error: null }));
	});
	const stop = async () => {
		child.kill('SIGKILL');
		await exited;
	};
	return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exited, stop, dispose: stop };
}

/**
 * What every fault must leave: each success with all its bytes, no upload open. Returns how the runs of the job
 * ended, by the records, oldest first: `success` or a failed one's code.
 */
export async function expectSound(server: PrivateServer, location: S3Location): Promise<string[]> {
	expect(await server.uploads(location.bucket)).toEqual({});
	return await outcomes(location);
}

/** As `expectSound`, while uploads may be open. */
export async function outcomes(location: S3Location): Promise<string[]> {
	const storage = createS3Storage(location, { clock: systemClock, random: systemRandom, scratch: null });
	const found: string[] = [];
	const named = new Set<string>();
	const archives: string[] = [];
	for await (const { key } of storage.list('jobs/')) {
		const suffix = parseObjectKey(key)?.suffix;
		if (suffix?.includes('.zst')) archives.push(key);
		if (suffix !== '.json') continue;
		const { record } = splitRecord((await storage.read(key, 1 << 20)).toString());
		found.push(record.error?.code ?? record.status);
		for (const { path, size, sha256 } of record.files) {
			named.add(path);
			const hash = createHash('sha256');
			for await (const chunk of storage.get(path)) hash.update(chunk);
			expect([path, await storage.size(path), hash.digest('hex')]).toEqual([path, size, sha256]);
		}
	}
	expect(archives.filter((key) => !named.has(key))).toEqual([]);
	return found;
}
