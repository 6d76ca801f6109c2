/**
 * The id of the container that this process runs in, so that nobody stops it; null outside of one. Docker mounts files
 * of the container's own folder into it (`…/containers/<id>/hostname`); where those mounts were replaced, its host
 * name usually is the beginning of the id.
 */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';

export async function ownContainer(): Promise<string | null> {
	return containerIn(await mounts(), hostname());
}

/** `mountInfo`: as in /proc/self/mountinfo. */
export function containerIn(mountInfo: string, host: string): string | null {
	const id = /\/containers\/([0-9a-f]{64})\/(?:hostname|hosts|resolv\.conf) /.exec(mountInfo)?.[1];
	return id ?? (/^[0-9a-f]{12}$/.test(host) ? host : null);
}

export const isContainer = (id: string, own: string | null): boolean => own !== null && id.startsWith(own);

/** Empty where there is no such file: that is no Linux. */
async function mounts(): Promise<string> {
	try {
		return await readFile('/proc/self/mountinfo', 'utf8');
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
		throw error;
	}
}
