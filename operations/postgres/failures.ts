/**
 * What Postgres and its tools say went wrong, as errors. A statement's failure carries its SQLSTATE; a connection's
 * has only words, which are the server's: in another language than English they stand in a general error.
 */
import { BackupError, type BackupErrorOptions, type ErrorCode } from '../../protocol/errors';

export class PostgresError extends BackupError {
	/** Five characters; null: not known. */
	readonly sqlState: string | null;

	constructor(code: ErrorCode, message: string, sqlState: string | null, options: BackupErrorOptions = {}) {
		super(code, message, options);
		this.sqlState = sqlState;
	}
}

/** Where it happened, for messages. */
export interface PostgresPlace {
	readonly containerName: string;
	readonly user: string;
	readonly database: string;
}

interface Meaning {
	readonly code: ErrorCode;
	readonly hint?: string;
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html; a class by its first two characters. */
const meanings: Readonly<Record<string, Meaning>> = {
	'28': {
		code: 'database_login_failed',
		hint: 'Check the user and the password, and what pg_hba.conf of the server allows.',
	},
	'3D000': { code: 'database_not_found', hint: 'Choose one of the databases that the server has.' },
	'42501': {
		code: 'source_unreadable',
		hint: 'Give the user the privilege, or use a superuser such as postgres.',
	},
	'42P04': { code: 'target_exists' },
	'53100': { code: 'target_full', hint: "Free some space on the disk of the server's data." },
	'53300': { code: 'source_busy', hint: 'Try again later, or raise max_connections of the server.' },
	'55006': { code: 'database_in_use' },
	'55P03': { code: 'source_busy', hint: 'Something holds a lock on it; try again later.' },
	'57014': { code: 'timed_out' },
	'57P03': { code: 'source_busy', hint: 'The server starts or stops; try again later.' },
};

export function statementFailure(place: PostgresPlace, sqlState: string, message: string): PostgresError {
	const { code, hint } = meanings[sqlState] ?? meanings[sqlState.slice(0, 2)] ?? { code: 'source_failed' };
	const said = `database ${JSON.stringify(place.database)} in container "${place.containerName}": ${firstLine(message)}`;
	return new PostgresError(code, `${said} (${sqlState})`, sqlState, hint === undefined ? {} : { hint });
}

/** What libpq and an English server say, and the SQLSTATE behind it. */
const words: readonly (readonly [RegExp, string | null])[] = [
	[/database ".*" does not exist/s, '3D000'],
	[/password authentication failed|no password supplied|authentication failed for user/, '28P01'],
	[/role ".*" does not exist|no pg_hba\.conf entry|is not permitted to log in/s, '28000'],
	[/permission denied for database|not currently accepting connections/, '42501'],
	[/too many clients|too many connections|remaining connection slots/, '53300'],
	[/database system is (?:starting up|shutting down|in recovery)|not yet accepting connections/, '57P03'],
	[/No such file or directory|Connection refused|timeout expired|could not translate host name/, null],
];

/** From the standard error of a tool that could not connect. */
export function connectionFailure(place: PostgresPlace, stderr: string): PostgresError {
	const said = lastLines(stderr, 4);
	const found = words.find(([pattern]) => pattern.test(said));
	if (found === undefined) {
		return new PostgresError(
			'database_login_failed',
			`could not log in to postgres in container "${place.containerName}" as "${place.user}": ${said}`,
			null,
			{ hint: 'Check the user, the password, the host and the port.' },
		);
	}
	const [, sqlState] = found;
	if (sqlState === '28P01' || sqlState === '28000') {
		return new PostgresError(
			'database_login_failed',
			`postgres in container "${place.containerName}" does not let "${place.user}" in: ${reason(said)}`,
			sqlState,
			{ hint: 'Check the user and the password, and what pg_hba.conf of the server allows.' },
		);
	}
	if (sqlState !== null) return statementFailure(place, sqlState, reason(said));
	return new PostgresError(
		'postgres_not_found',
		`no postgres server answers in container "${place.containerName}": ${reason(said)}`,
		null,
		{ hint: 'Check that it runs there, and the host and port, which are as seen from inside the container.' },
	);
}

/** Without the tool's words before. */
function reason(said: string): string {
	return firstLine(/(?:FATAL|failed):\s+(?:FATAL:\s+)?(.*)/s.exec(said)?.[1] ?? said);
}

function firstLine(text: string): string {
	return text.trim().split('\n', 1)[0] ?? '';
}

/** The end of what a tool said, in one line. */
export function lastLines(stderr: string, most: number): string {
	const lines = stderr.split('\n').filter((line) => line.trim() !== '');
	return lines.slice(-most).join('; ').slice(-1000) || 'it said nothing';
}
