/**
 * Small images for the tests: two layers with a program that runs without anything else (Docker's own init, which
 * links nothing), and what they are on the host. All of them are removed when the test file ends.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchDirectories } from '../../fakes/directories';
import { docker, unique } from '../cli/lab';

export interface SmallImage {
	/** Without a tag. */
	readonly name: string;
	/** `sha256:…` */
	readonly id: string;
	/** With its tag. */
	readonly reference: string;
}

/** Call it at the top of a test file. */
export function smallImages() {
	const directory = scratchDirectories();
	const names: string[] = [];
	afterAll(async () => {
		for (const name of names) {
			const ids = (await docker('images', '-q', '--no-trunc', name)).split('\n').filter((id) => id !== '');
			if (ids.length > 0) await docker('rmi', '-f', ...new Set(ids));
		}
	});
	/** A name that is free. */
	const name = (): string => {
		const free = unique('image');
		names.push(free);
		return free;
	};
	return {
		name,
		/** Of its own content; its program says its version. */
		async make(tag = '1', called = name()): Promise<SmallImage> {
			const reference = `${called}:${tag}`;
			const root = directory();
			mkdirSync(join(root, 'etc'));
			cpSync(programPath(), join(root, 'init'));
			writeFileSync(join(root, 'etc/name'), unique('content'));
			const tar = execFileSync('tar', ['-C', root, '-cf', '-', '.'], { maxBuffer: 64 << 20 });
			const change = 'CMD ["/init", "--version"]';
			execFileSync('docker', ['import', '--change', change, '-', reference], { input: tar, stdio: 'pipe' });
			const container = await docker('create', reference);
			await docker('cp', join(root, 'etc/name'), `${container}:/second`);
			await docker('commit', container, reference);
			await docker('rm', container);
			return { name: called, reference, id: await idOf(reference) };
		},
	};
}

/** Statically linked, and on every host with a Docker Engine. */
const programPath = (): string =>
	realpathSync(execFileSync('/bin/bash', ['-c', 'command -v docker-init']).toString().trim());

export const said = /^tini version /;

/** '' where there is none. */
export async function idOf(reference: string): Promise<string> {
	return await docker('image', 'inspect', '-f', '{{.Id}}', reference).catch(() => '');
}
