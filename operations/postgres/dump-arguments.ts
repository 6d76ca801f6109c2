/** The command line of one dump; pure. Everything that a user names is a value of its option, never an option. */
import type { Compression } from '../../protocol/job';
import { BackupError } from '../../protocol/errors';
import { conninfoFor } from './quoting';
import type { DumpPostgresRequest } from './requests';

export type DumpChoice = Pick<
	DumpPostgresRequest,
	'schemas' | 'excludeSchemas' | 'tables' | 'excludeTables' | 'content' | 'stallLimitMs'
>;

/** `compress`: as pg_dump's `--compress`. */
export function dumpArguments(
	database: string,
	snapshot: string,
	compress: string,
	choice: DumpChoice,
): string[] {
	return [
		'--format=custom',
		'--no-password',
		`--compress=${compress}`,
		`--snapshot=${snapshot}`,
		// Sooner than it has stalled: its own words name the table.
		`--lock-wait-timeout=${Math.ceil(choice.stallLimitMs / 2)}`,
		...choice.schemas.map((pattern) => `--schema=${pattern}`),
		...choice.excludeSchemas.map((pattern) => `--exclude-schema=${pattern}`),
		...choice.tables.map((pattern) => `--table=${pattern}`),
		...choice.excludeTables.map((pattern) => `--exclude-table=${pattern}`),
		...(choice.content === 'schema' ? ['--schema-only'] : []),
		...(choice.content === 'data' ? ['--data-only'] : []),
		`--dbname=${conninfoFor(database)}`,
	];
}

export const hasPatterns = ({ schemas, excludeSchemas, tables, excludeTables }: DumpChoice): boolean =>
	[schemas, excludeSchemas, tables, excludeTables].some((patterns) => patterns.length > 0);

export const isPartial = (choice: DumpChoice): boolean => hasPatterns(choice) || choice.content !== 'all';

/** Who compresses: pg_dump in the container where it can do zstd, else our engine. */
export interface DumpCompression {
	readonly compress: string;
	/** Of the job. */
	readonly compression: Compression;
}

export function dumpCompression({ algorithm, level }: Compression, dumpKnowsZstd: boolean): DumpCompression {
	if (algorithm === 'zstd' && level !== null && dumpKnowsZstd)
		return { compress: `zstd:${level}`, compression: { algorithm: 'none', level: null } };
	return { compress: '0', compression: { algorithm, level } };
}

/** Throws `invalid_parameter`. */
export function requireSoundChoice(request: DumpChoice & Pick<DumpPostgresRequest, 'totalLimitMs'>): void {
	const { schemas, excludeSchemas, tables, excludeTables, stallLimitMs, totalLimitMs } = request;
	if ([...schemas, ...excludeSchemas, ...tables, ...excludeTables].some((pattern) => pattern.trim() === '')) {
		throw new BackupError('invalid_parameter', 'the pattern of a schema or table is empty', {
			hint: 'Leave it out, or name the schemas and tables.',
		});
	}
	const limits = [stallLimitMs, ...(totalLimitMs === null ? [] : [totalLimitMs])];
	if (limits.some((limit) => !Number.isSafeInteger(limit) || limit < 1 || limit > longestLimitMs)) {
		throw new BackupError('invalid_parameter', 'a time limit of the dump is not between 1 ms and 24 days', {
			hint: 'Leave the time limit out, or make it shorter.',
		});
	}
}

/** What a timer can hold, and `--lock-wait-timeout`. */
const longestLimitMs = 2 ** 31 - 1;
