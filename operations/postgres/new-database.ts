/**
 * A new database with the recorded properties, filled and completed by `fill`; whatever fails, it is dropped again.
 * Throws `target_failed` and what `fill` throws.
 */
import type { PostgresDescription } from '../../protocol/description';
import { BackupError, joinErrors, toBackupError } from '../../protocol/errors';
import { completeDatabase, createDatabase } from './database-statements';
import { quoteIdentifier } from './quoting';
import type { RestorePlan, TargetServer } from './restore-plan';
import type { RestoreServer } from './restore-server';
import { databaseSetting } from './setting-statements';
import { endConnections } from './target-server';

export async function withNewDatabase<T>(
	server: RestoreServer,
	maintenance: string,
	{ into, tablespace }: Pick<RestorePlan, 'into' | 'tablespace'>,
	{ properties }: PostgresDescription,
	{ major }: Pick<TargetServer, 'major'>,
	fill: () => Promise<T>,
): Promise<T> {
	// Refused when it exists: then it is not ours to drop. Never cut short: then it would not be known whether it is.
	await server.always
		.run(maintenance, [createDatabase(into, properties, { major, tablespace })])
		.catch((error: unknown) => {
			throw explained(error);
		});
	try {
		return await fill();
	} catch (error) {
		throw joinErrors(error, await problemOf(dropDatabase(server.always, maintenance, into, major)));
	}
}

/** What pg_restore left at work there is ended with it. */
export async function dropDatabase(
	server: RestoreServer,
	maintenance: string,
	database: string,
	major: number,
): Promise<void> {
	// Before 13 there is no FORCE.
	if (major < 13) await endConnections(server, maintenance, database);
	const force = major < 13 ? '' : ' WITH (FORCE)';
	await server.run(maintenance, [`DROP DATABASE IF EXISTS ${quoteIdentifier(database)}${force}`]);
}

/** Settings, grants, comment and connection limit; resolves to a sentence for every setting that the server refused. */
export async function completeNewDatabase(
	server: RestoreServer,
	maintenance: string,
	name: string,
	description: PostgresDescription,
): Promise<string[]> {
	const warnings: string[] = [];
	for (const setting of description.settings) {
		const problem = await problemOf(server.run(maintenance, [databaseSetting(name, setting)]));
		// One that a newer server does not know any more is no reason to be without the data.
		if (problem?.code === 'cancelled') throw problem;
		if (problem)
			warnings.push(`Setting ${setting.name} of ${JSON.stringify(name)} is not set: ${problem.message}.`);
	}
	await server.run(maintenance, completeDatabase(name, description), { transaction: true });
	return warnings;
}

export async function problemOf(work: Promise<unknown>): Promise<BackupError | undefined> {
	try {
		await work;
		return undefined;
	} catch (error) {
		return toBackupError(error);
	}
}

function explained(error: unknown): BackupError {
	const { code, message, hint } = toBackupError(error);
	return new BackupError(code === 'source_failed' ? 'target_failed' : code, message, {
		hint: /locale|collat|encoding/i.test(message)
			? "The server's system lacks the locale of the dump: use an image that has it, or make a database with another one and restore into it in place."
			: hint,
		cause: error,
	});
}
