/**
 * Checks the package as it would be published: node scripts/check-pack.mjs [tarball]   (after `npm run build`)
 * Packs it (or takes the tarball), unpacks it, and fails, naming every fault, unless
 *   - nothing is installed beside it: no dependencies, no install scripts;
 *   - every file that n8n's section and `bin` name is there;
 *   - every require leads to Node, n8n-workflow (from nodes and credentials only) or a file inside the package
 *     (the engine, which travels as text, is read from dist/engine);
 *   - each node and credential loads with nothing but n8n-workflow beside it, and the command starts;
 *   - no source map and no path of this checkout is inside; the list of licences is.
 */
import { execFileSync } from 'node:child_process';
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const work = mkdtempSync(join(tmpdir(), 'check-pack-'));
const faults = [];
const builtins = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`)]);
builtins.add('node:sqlite');
function filesIn(folder) {
	return readdirSync(folder, { recursive: true })
		.map((name) => join(folder, name))
		.filter((path) => statSync(path).isFile());
}

function unpack() {
	const given = process.argv[2];
	const packed =
		given ??
		join(
			work,
			JSON.parse(
				execFileSync('npm', ['pack', '--json', '--pack-destination', work], {
					cwd: root,
					stdio: ['ignore', 'pipe', 'ignore'],
				}),
			)[0].filename,
		);
	// Where n8n would have it: beside n8n-workflow only.
	const modules = join(work, 'node_modules');
	mkdirSync(modules);
	execFileSync('tar', ['xzf', resolve(packed), '-C', modules]);
	symlinkSync(join(root, 'node_modules/n8n-workflow'), join(modules, 'n8n-workflow'));
	return { folder: join(modules, 'package'), size: statSync(packed).size };
}

function checkManifest(folder, manifest) {
	for (const field of ['dependencies', 'optionalDependencies', 'bundledDependencies', 'bundleDependencies']) {
		if (Object.keys(manifest[field] ?? {}).length > 0) faults.push(`package.json has ${field}`);
	}
	for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) {
		if (manifest.scripts?.[script]) faults.push(`package.json has the install script "${script}"`);
	}
	const named = [...manifest.n8n.nodes, ...manifest.n8n.credentials, ...Object.values(manifest.bin)];
	for (const path of [...named, 'LICENSE', 'THIRD_PARTY_LICENSES.txt', 'README.md']) {
		if (!existsSync(join(folder, path))) faults.push(`${path} is missing`);
	}
}

/** What a file requires, as a parser sees it: the words of a message are none. */
async function requiresOf(text) {
	const names = [];
	const collect = {
		name: 'collect',
		setup(build) {
			build.onResolve({ filter: /.*/ }, ({ path }) => {
				names.push(path);
				return { external: true };
			});
		},
	};
	const stdin = { contents: text.replace(/^#!.*/, ''), loader: 'js' };
	const options = { bundle: true, write: false, platform: 'node', logLevel: 'silent' };
	await esbuild.build({ ...options, stdin, plugins: [collect] });
	return names;
}

async function checkRequires(folder, path, text) {
	const n8nFacing = /^dist\/(nodes|credentials)\//.test(relative(folder, path));
	for (const name of await requiresOf(text)) {
		if (builtins.has(name) || (n8nFacing && name === 'n8n-workflow')) continue;
		const target = resolve(dirname(path), name);
		const found = name.startsWith('.') && ['', '.js', '/index.js'].some((end) => existsSync(target + end));
		if (!found || !target.startsWith(folder)) faults.push(`${relative(folder, path)} requires "${name}"`);
	}
}

async function checkContents(folder) {
	for (const path of filesIn(folder)) {
		const name = relative(folder, path);
		if (/\.(map|ts|tsbuildinfo)$/.test(name)) faults.push(`${name} does not belong in the package`);
		if (!/\.(js|json|md|txt|py)$/.test(name)) continue;
		const text = readFileSync(path, 'utf8');
		if (text.includes('sourceMappingURL=') && name.endsWith('.js'))
			faults.push(`${name} refers to a source map`);
		if (text.includes(root)) faults.push(`${name} contains the path of this checkout`);
		if (name.endsWith('.js')) await checkRequires(folder, path, text);
	}
}

function checkLoads(folder, manifest) {
	const load =
		'const m = require(process.argv[1]); if (!m[process.argv[2]]) throw new Error("no such class"); new m[process.argv[2]]();';
	for (const path of [...manifest.n8n.nodes, ...manifest.n8n.credentials]) {
		const name = path.split('/').pop().split('.')[0];
		try {
			execFileSync(process.execPath, ['-e', load, join(folder, path), name], { cwd: work, stdio: 'pipe' });
		} catch (error) {
			const thrown = /^(\w*Error.*)$/m.exec(String(error.stderr))?.[1] ?? String(error.stderr).trim();
			faults.push(`${path} does not load: ${thrown}`);
		}
	}
	for (const [name, path] of Object.entries(manifest.bin)) {
		try {
			execFileSync(join(folder, path), ['--help'], { cwd: work, stdio: 'pipe' });
		} catch (error) {
			faults.push(
				`${name} --help fails: ${String(error.stderr ?? error)
					.trim()
					.slice(-300)}`,
			);
		}
	}
}

try {
	const { folder, size } = unpack();
	const engine = join(root, 'dist/engine/engine.js');
	await checkRequires(folder, join(folder, 'engine.js'), readFileSync(engine, 'utf8'));
	const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
	checkManifest(folder, manifest);
	await checkContents(folder);
	if (faults.length === 0) checkLoads(folder, manifest);
	if (faults.length === 0) {
		console.log(
			`package: ${filesIn(folder).length} files, ${Math.round(size / 1024)} KiB packed, no run-time dependencies`,
		);
	}
} finally {
	rmSync(work, { recursive: true, force: true });
}
for (const fault of faults) console.error(`check-pack: ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
