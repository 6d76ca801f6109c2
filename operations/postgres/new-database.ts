/**
 * A new database with the recorded properties, filled and completed by `fill`; whatever fails, it is dropped again.
 * Throws `target_failed` and what `fill` throws.
 */
import type { PostgresDescription } from '../../protocol/description';
import { BackupError, joinErrors, toBackupError } from '../../protocol/errors';
import { completeDatabase, createDatabase } from './database-statements';
import { quoteIdentifier } from './quoting';
import type { RestorePlan, TargetServer } from './restore-plan';
import { problemOf, type RestoreServer } from './restore-server';
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
		const left = await problemOf(dropDatabase(server.always, maintenance, into, major));
		throw joinErrors(error, left ?? undefined);
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
	const { settings } = description;
	const statements = settings.map((setting) => databaseSetting(name, setting));
	const problems = await server.attempt(maintenance, statements);
	await server.run(maintenance, completeDatabase(name, description), { transaction: true });
	// One that a newer server does not know any more is no reason to be without the data.
	return settings.flatMap((setting, index) => {
		const problem = problems[index];
		if (!problem) return [];
		return [`Setting ${setting.name} of ${JSON.stringify(name)} is not set: ${problem.message}.`];
	});
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
