/** The package as npm delivers it. No registry has it, so what npx would download is put where npx looks first. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../../..');

/** Installs it below `home`; returns the tarball's path, in `folder`. */
export function installPackage(home: string, folder: string): string {
	const npm = (cwd: string, ...line: string[]) =>
		execFileSync('npm', [...line, '--ignore-scripts'], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
	const packed = npm(root, 'pack', '--json', '--pack-destination', folder).toString();
	const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
	const tarball = join(folder, filename);
	npm(home, 'install', '--offline', '--omit=peer', '--no-audit', '--no-fund', tarball);
	return tarball;
}
