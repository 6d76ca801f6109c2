/**
 * Small files of ours as the beginning of a tar: written into a folder of their own, and read from there by GNU tar as
 * the volumes are. Folders above them are entries, too. Nobody but root may read what is extracted of them.
 * Throws `protocol_violation` for a path that does not lie below `containers/`.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path/posix';
import { BackupError } from '../../protocol/errors';
import type { Document } from '../../protocol/job';
import { readTree } from './gnu-tar';
import type { TarFinding } from './tar-messages';

/** They sort before `volumes/`, as the order of paths wants it. */
export const documentsRoot = 'containers';

export async function* readDocuments(
	documents: readonly Document[],
	signal: AbortSignal,
	onWarning: (finding: TarFinding) => void,
): AsyncGenerator<Buffer> {
	const directory = await mkdtemp(join(tmpdir(), 'documents-'));
	try {
		for (const { path, text } of documents) {
			requireInside(path);
			const file = join(directory, path);
			await mkdir(dirname(file), { recursive: true, mode: 0o755 });
			await writeFile(file, text, { mode: 0o600 });
		}
		// What is left out of volumes by a pattern has no meaning for them.
		yield* readTree(directory, documentsRoot, [], signal, onWarning);
	} finally {
		await rm(directory, { recursive: true, force: true });
	}
}

/** Bytes of the tar that they will be, never too few. */
export function documentsLength(documents: readonly Document[]): number {
	const block = 512;
	// Headers with extended ones, of a file and of the folders above it.
	const headers = ({ path }: Document) => path.split('/').length * 6 * block;
	const content = ({ text }: Document) => Math.ceil(Buffer.byteLength(text) / block) * block;
	return documents.reduce((sum, document) => sum + headers(document) + content(document), 0);
}

function requireInside(path: string): void {
	const parts = path.split('/');
	const plain = parts.every((part) => part !== '' && part !== '.' && part !== '..') && !path.includes('\0');
	if (plain && parts.length > 1 && parts[0] === documentsRoot) return;
	throw new BackupError('protocol_violation', `the document ${JSON.stringify(path)} has an odd path`);
}
