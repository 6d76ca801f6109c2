/** Scratch directories of one test file, removed when it ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Call at the top of a test file (or of a describe); each call of the result is a new empty directory. */
export function scratchDirectories(): () => string {
	const made: string[] = [];
	afterAll(() => {
		for (const directory of made) rmSync(directory, { recursive: true, force: true });
	});
	return () => {
		const directory = mkdtempSync(join(tmpdir(), 'docker-backup-test-'));
		made.push(directory);
		return directory;
	};
}
