/** Flags whose value is `NAME=OTHER`, and files of such lines. Throws `usage`. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { usage } from '../parse-arguments';
import type { Shell } from '../verb';

export function pairsOf(flag: string, texts: readonly string[]): Record<string, string> {
	const pairs = texts.map((text) => {
		const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
		if (name === undefined || value === undefined)
			throw usage(`--${flag} ${JSON.stringify(text)} is not of the form NAME=OTHER`);
		return [name, value] as const;
	});
	return Object.fromEntries(pairs);
}

/**
 * As `docker run --env-file` reads them: empty lines and those that begin with # say nothing. The flag has another name:
 * Node.js takes that one for its own, wherever it stands.
 */
export async function environmentFile(
	path: string | undefined,
	{ directory }: Shell,
): Promise<Record<string, string>> {
	if (path === undefined) return {};
	const text = await readFile(resolve(directory, path), 'utf8').catch((cause: unknown) => {
		throw usage(`--environment ${path} can't be read: ${String((cause as NodeJS.ErrnoException).code)}`);
	});
	return Object.fromEntries(
		text
			.split(/\r?\n/)
			.map((line, position) => ({ line: line.trimStart(), number: position + 1 }))
			.filter(({ line }) => line !== '' && !line.startsWith('#'))
			.map(({ line, number }) => {
				const end = line.indexOf('=');
				// The line itself may be a secret.
				if (end < 1) throw usage(`--environment ${path}: line ${number} is not of the form NAME=VALUE`);
				return [line.slice(0, end), line.slice(end + 1)];
			}),
	);
}
