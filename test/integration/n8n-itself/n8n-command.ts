/** n8n's own commands on a volume, as at `/home/node/.n8n` in its container; no encryption key in the environment. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { mountpoint } from '../cli/lab';

/** One that every test puts in and looks for again. */
export const credential = {
	id: 'itselfCredential',
	name: 'Shop',
	type: 'httpBasicAuth',
	data: { user: 'shop', password: 'known to nobody else' },
} as const;

export interface N8nOnVolume {
	readonly environment: Readonly<Record<string, string>>;
	putCredential(): Promise<void>;
	/** What it opens with the key of its volume; '' when it can't. */
	credentials(): Promise<string>;
}

/** `directory`: makes a scratch directory; `more`: further variables, such as those of its database. */
export async function n8nOn(
	volume: string,
	directory: () => string,
	more: Readonly<Record<string, string>> = {},
): Promise<N8nOnVolume> {
	const home = directory();
	symlinkSync(await mountpoint(volume), join(home, '.n8n'));
	const environment = {
		PATH: process.env['PATH'] ?? '',
		HOME: home,
		N8N_DIAGNOSTICS_ENABLED: 'false',
		...more,
	};
	const n8n = async (...line: string[]) => {
		const bin = process.env['N8N_BIN'] ?? '';
		await promisify(execFile)(process.execPath, [bin, ...line], { env: environment, maxBuffer: 64 << 20 });
	};
	return {
		environment,
		async putCredential() {
			const file = join(directory(), 'credentials.json');
			writeFileSync(file, JSON.stringify([credential]));
			await n8n('import:credentials', `--input=${file}`);
		},
		async credentials() {
			const file = join(directory(), 'exported.json');
			await n8n('export:credentials', '--all', '--decrypted', `--output=${file}`).catch(() => undefined);
			return existsSync(file) ? readFileSync(file, 'utf8') : '';
		},
	};
}
