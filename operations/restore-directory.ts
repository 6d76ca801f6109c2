/**
 * Restore into a directory: `<to>/<volume>/…`, which must be empty or absent and gets its name only when
 * everything is in it. In this process without Docker, or in a runner for a directory of its host.
 */
import { resolve } from 'node:path';
import type { BackupRecord } from '../protocol/record';
import { introduce } from './introduce';
import { locationOf, startEngine } from './executor';
import { chooseRecord, chooseSources } from './restore-volumes';
import type { Selection } from './select';
import { converse } from './session';
import type { OperationContext, RepositorySettings } from './settings';

export interface RestoreDirectoryRequest {
	readonly selection: Selection;
	readonly volumes: readonly string[];
	readonly to: string;
	readonly allowUnsigned: boolean;
}

export interface RestoreDirectoryOutcome {
	readonly record: BackupRecord;
	readonly directory: string;
	readonly volumes: readonly string[];
	readonly entries: number;
	readonly bytes: number;
	readonly durationMs: number;
}

export async function restoreDirectory(
	context: OperationContext,
	repository: RepositorySettings,
	request: RestoreDirectoryRequest,
): Promise<RestoreDirectoryOutcome> {
	const started = context.clock.monotonic();
	const where = { type: 'process' } as const;
	const { record, key } = await chooseRecord(
		context,
		where,
		repository,
		request.selection,
		request.allowUnsigned,
	);
	const sources = chooseSources(record, request.volumes);
	const directory = resolve(request.to);
	const runId = context.random.bytes(8).toString('hex');
	const needs = {
		role: 'extract',
		mounts: [],
		repository: repository.location,
		writesRepository: false,
		runId,
		job: record.job,
	} as const;
	const { entries, bytes } = await converse(
		context,
		(signal) => startEngine(where, needs, context, signal),
		async (session) => {
			session.send('job', {
				version: 1,
				verb: 'restore',
				runId,
				location: locationOf(where, repository.location),
				mode: 'directory',
				targets: sources.map((source) => ({ source, path: `${directory}/${source}` })),
			});
			await introduce(session, { ...repository, mayCreate: false }, context);
			await session.next('ready');
			session.send('go', { closeRuns: [], level: 'deep', archives: [{ record, key }] });
			return await session.next('done');
		},
	);
	return {
		record,
		directory,
		volumes: sources,
		entries,
		bytes,
		durationMs: Math.round(context.clock.monotonic() - started),
	};
}
