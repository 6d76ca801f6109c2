/**
 * Ends the process with exit code 1 and one plain sentence when this Node.js is too old for the engine's
 * zstd. `main.ts` imports it before everything else, so that nothing else can fail first; it must
 * therefore import nothing and use no syntax or function that an old Node.js lacks.
 */
const oldest = [22, 15] as const;

/** Whether `version` (as in `process.versions.node`) is at least 22.15. */
export function isNewEnough(version: string): boolean {
	const parts = version.split('.');
	const major = Number(parts[0]);
	const minor = Number(parts[1]);
	return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

export function tooOld(version: string): string {
	return `error: docker-backup needs Node.js ${oldest[0]}.${oldest[1]} or newer; this is ${version}\n`;
}

if (!isNewEnough(process.versions.node)) {
	process.stderr.write(tooOld(process.versions.node));
	process.exit(1);
}
