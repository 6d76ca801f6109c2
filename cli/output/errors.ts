/** Errors as the CLI shows them: `error:` and `hint:` lines for people, one object for programs. */
import { BackupError, type BackupRecord } from '../../operations/index';
import { printable } from './layout';

export interface ErrorDocument {
	readonly code: string;
	readonly message: string;
	readonly hint: string | null;
}

/** `usageLine` stands in where a mistake on the command line has no hint of its own. */
export function errorDocument(error: BackupError, usageLine: string | null = null): ErrorDocument {
	const fallback = usageLine === null ? null : `usage: ${usageLine}`;
	return { code: error.code, message: error.message, hint: error.hint ?? fallback };
}

export function errorLines(error: BackupError, usageLine: string | null = null): string {
	const lines = [`error: ${printable(error.message)}`];
	if (error.hint !== undefined) lines.push(`hint: ${printable(error.hint)}`);
	if (usageLine !== null) lines.push(`usage: ${usageLine}`);
	return `${lines.join('\n')}\n`;
}

/** Why this run failed, as the error that it would have been. */
export function errorOfRecord({ id, error }: BackupRecord): BackupError {
	if (error === null) return new BackupError('unexpected', `${id} failed without a reason`);
	return new BackupError(error.code, `${id}: ${error.message}`, { hint: error.hint ?? undefined });
}
