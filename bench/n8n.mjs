// Bundles bench/n8n.ts with the tests' n8n lab and runs it; returns its table.
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));

export function measureN8n(volume) {
	// Three levels below the root, as deep as the lab it holds, which looks for the package from there.
	const outfile = join(here, '../node_modules/.cache/bench/n8n.cjs');
	buildSync({
		entryPoints: [join(here, 'n8n.ts')],
		outfile,
		bundle: true,
		platform: 'node',
		target: 'node24',
		logLevel: 'warning',
	});
	return execFileSync(process.execPath, [outfile, volume, join(here, 'event-loop.cjs')], {
		encoding: 'utf8',
		stdio: ['ignore', 'pipe', 'inherit'],
	}).trim();
}
