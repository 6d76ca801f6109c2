/** `keygen`: a new key on stdout, or in a new file that only its owner can read. */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BackupError, generateKey } from '../../operations/index';
import { noOperands } from '../flags/selection';
import { defineVerb } from '../verb';

export const keygen = defineVerb({
	name: 'keygen',
	operands: '',
	summary: 'Make a new encryption key',
	details: [
		'Whoever loses the key loses the backups: keep a copy away from the machine that is backed up.',
		'With --out the file is new and only its owner may read it; an existing file is never changed.',
	],
	flags: [{ name: 'out', value: 'FILE', help: 'Write the key into this new file instead of stdout' }],
	required: [],
	examples: ['docker-backup keygen --out /root/backup.key'],
	async run({ operands, flags }, { directory, context }) {
		noOperands(operands);
		const key = generateKey(context.random);
		if (flags.out === undefined) return { document: { key }, text: `${key}\n` };
		const path = resolve(directory, flags.out);
		await writeNew(path, `${key}\n`);
		return { document: { keyFile: path }, text: `the new key is in ${path}; keep a copy of it elsewhere\n` };
	},
});

async function writeNew(path: string, text: string): Promise<void> {
	try {
		const file = await open(path, 'wx', 0o600);
		try {
			await file.writeFile(text);
			await file.sync();
		} finally {
			await file.close();
		}
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
			throw new BackupError('target_exists', `the file ${path} exists already`, {
				hint: 'Name a new file.',
				cause,
			});
		}
		throw new BackupError('target_failed', `the file ${path} can't be written`, {
			hint: 'Check its folder.',
			cause,
		});
	}
}
