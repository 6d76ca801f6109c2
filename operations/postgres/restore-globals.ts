/**
 * Recorded globals onto a server: roles that it lacks, their memberships and settings (globals-statements.ts). Those
 * of a run's dump are found beside it.
 */
import type { Readable } from 'node:stream';
import { parseGlobals, type PostgresGlobals } from '../../protocol/description';
import { BackupError } from '../../protocol/errors';
import type { BackupRecord } from '../../protocol/record';
import { readCatalog } from '../list-records';
import type { OperationContext, RepositorySettings, Where } from '../settings';
import { streamArchive } from '../stream-archive';
import type { GlobalsPlan } from './globals-statements';
import { quoteIdentifier } from './quoting';
import type { RestoreServer } from './restore-server';
import { isGlobals } from './series';

const mostBytes = 64 << 20;

/** Null: the run of this dump has no archive of them. */
export async function readGlobalsOfRun(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	{ job, runId }: Pick<BackupRecord, 'job' | 'runId'>,
	allowUnsigned: boolean,
): Promise<PostgresGlobals | null> {
	const { entries } = await readCatalog(context, where, repository, { job, id: null });
	for (const entry of entries) {
		if (!('record' in entry) || entry.record.runId !== runId || !mayBeGlobals(entry.record)) continue;
		const selection = { by: 'id', id: entry.id } as const;
		const wanted = { selection, allowUnsigned, kinds: ['postgres'] } as const;
		const globals = await streamArchive(
			context,
			where,
			repository,
			wanted,
			async ({ description }, content) =>
				description?.type === 'postgres-globals' ? await readGlobals(content()) : null,
		);
		if (globals) return globals;
	}
	return null;
}

/** A database may have that name too: its description says which it is. */
const mayBeGlobals = (record: BackupRecord): boolean => record.status === 'success' && isGlobals(record);

export async function readGlobals(content: Readable): Promise<PostgresGlobals> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of content as AsyncIterable<Buffer>) {
		chunks.push(chunk);
		bytes += chunk.length;
		if (bytes > mostBytes) throw new BackupError('archive_malformed', 'the globals are larger than 64 MiB');
	}
	return parseGlobals(Buffer.concat(chunks).toString('utf8'));
}

/** All roles or none; resolves to a sentence for each setting that the server refused. */
export async function makeRoles(
	server: RestoreServer,
	maintenance: string,
	{ statements, settings }: GlobalsPlan,
): Promise<string[]> {
	await server.run(maintenance, statements, { transaction: true });
	const texts = settings.map(({ statement }) => statement);
	const problems = await server.attempt(maintenance, texts);
	return settings.flatMap(({ what }, index) => {
		const problem = problems[index];
		return problem ? [`The ${what} is not set: ${problem.message}.`] : [];
	});
}

/** Only ones that a restore has just made, and that own nothing. */
export async function dropRoles(
	server: RestoreServer,
	maintenance: string,
	names: readonly string[],
): Promise<void> {
	const statements = names.map((name) => `DROP ROLE IF EXISTS ${quoteIdentifier(name)}`);
	await server.run(maintenance, statements, { transaction: true });
}
