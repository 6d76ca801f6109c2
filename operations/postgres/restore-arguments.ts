/**
 * The arguments of pg_restore, as an array and never through a shell. The archive comes by standard input; foreign
 * SQL reaches the server only as pg_restore takes it from there.
 */
import { conninfoFor } from './quoting';

export interface RestoreOptions {
	readonly database: string;
	/** Drops what is there of the archive's objects before it makes them. */
	readonly clean: boolean;
	readonly singleTransaction: boolean;
	readonly tablespaces: boolean;
	readonly schemas: readonly string[];
	readonly tables: readonly string[];
}

export function restoreArguments(options: RestoreOptions): string[] {
	return [
		'--exit-on-error',
		'--no-password',
		'--format=custom',
		...(options.clean ? ['--clean', '--if-exists'] : []),
		...(options.singleTransaction ? ['--single-transaction'] : []),
		...(options.tablespaces ? [] : ['--no-tablespaces']),
		...options.schemas.map((schema) => `--schema=${schema}`),
		...options.tables.map((table) => `--table=${table}`),
		`--dbname=${conninfoFor(options.database)}`,
	];
}
