/**
 * A Postgres server in a container, and how to log in there. The password comes from a file or from PGPASSWORD of
 * this process: the command line is for everybody to see. Throws `usage`, and `invalid_parameter` for the file.
 */
import { resolve } from 'node:path';
import { BackupError, passphraseFromFile, type PostgresServer } from '../../operations/index';
import type { Flag, Shell, Values } from '../verb';
import { readSecret } from './keys';
import { wholeNumber } from './selection';

export const serverFlags = [
	{ name: 'container', value: 'CONTAINER', help: 'Container that the server runs in' },
	{ name: 'user', value: 'USER', help: "Log in as; default the container's POSTGRES_USER, else postgres" },
	{ name: 'host', value: 'HOST', help: 'As the container reaches the server; default its socket' },
	{ name: 'port', value: 'PORT', help: "Default the container's PGPORT, else 5432" },
	{ name: 'password-file', value: 'FILE', help: 'File with the password; default the variable PGPASSWORD' },
] as const satisfies readonly Flag[];

export const stallFlag = {
	name: 'stall-limit',
	value: 'SECONDS',
	help: 'Give up when nothing moved for so long; default 300',
} as const satisfies Flag;

export const seriesFlag = {
	name: 'series',
	value: 'SERIES',
	help: 'With --job: which of its series (one for each database), as show tells it',
} as const satisfies Flag;

export async function serverOf(flags: Values<typeof serverFlags>, shell: Shell): Promise<PostgresServer> {
	return {
		container: flags.container ?? '',
		user: flags.user ?? null,
		password: await passwordOf(flags['password-file'], shell),
		host: flags.host ?? null,
		port: flags.port === undefined ? null : wholeNumber('port', flags.port, 1, 65_535),
	};
}

/** Milliseconds. */
export const stallLimitOf = (flags: Values<readonly [typeof stallFlag]>): number =>
	wholeNumber('stall-limit', flags['stall-limit'] ?? '300', 1, 86_400) * 1000;

const codes = { missing: 'invalid_parameter', invalid: 'invalid_parameter' } as const;

async function passwordOf(file: string | undefined, { env, directory }: Shell): Promise<string | null> {
	if (file === undefined) return env['PGPASSWORD'] || null;
	const path = resolve(directory, file);
	const password = passphraseFromFile(await readSecret(path, 'password', codes));
	if (password !== '' && !password.includes('\0')) return password;
	throw new BackupError('invalid_parameter', `the password file ${path} holds no password`, {
		hint: 'It holds the password alone, on one line.',
	});
}
