/**
 * The three bundles of the package, made by esbuild; each is one CommonJS file for Node 22.15 and later that requires
 * only Node's built-ins. The same sources give the same bytes.
 *
 *   dist/engine/engine.js      what runs in the runner: sent there over stdin
 *   dist/operations/index.js   everything the nodes call, the engine's text inside
 *   dist/cli/main.js           the command `docker-backup`, the engine's text inside
 *
 * Nothing is minified: the files can be read by whoever must trust them, and stack traces mean something.
 */
const { chmodSync, readFileSync } = require('node:fs');
const { resolve } = require('node:path');
const esbuild = require('esbuild');

const root = resolve(__dirname, '../..');
const engineFile = resolve(root, 'dist/engine/engine.js');

/** Replaces operations/engine-source.ts, which reads the engine's bundle from disk, by one that holds its text. */
const inlineEngine = {
	name: 'inline-engine',
	setup(build) {
		build.onLoad({ filter: /[\\/]operations[\\/]engine-source\.ts$/ }, () => ({
			contents: [
				`const text = ${JSON.stringify(readFileSync(engineFile, 'utf8'))};`,
				'export function engineSource(): string { return text; }',
			].join('\n'),
			loader: 'ts',
			resolveDir: root,
		}));
	},
};

/**
 * Parts of libraries that the package never uses, or could not carry.
 * Native add-ons: ssh2 and cpu-features ask for theirs in a `try` and fall back to JavaScript when that throws (an
 * empty module would be taken for a working one). BuildKit sessions: dockerode's only use of gRPC and protobuf.
 * The AWS SDK's search for keys (environment, files, sign-in, the machine's own): a repository's keys are given; and
 * its table of browsers.
 */
const leaveOut = {
	name: 'leave-out',
	setup(build) {
		const leftOut = (what) => ({
			contents: `throw new Error(${JSON.stringify(`${what} is left out of this bundle`)});`,
			loader: 'js',
		});
		build.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ path }) => ({
			path,
			namespace: 'no-keys',
		}));
		build.onLoad({ filter: /.*/, namespace: 'no-keys' }, () => ({
			contents:
				'exports.defaultProvider = () => { throw new Error("keys are only taken from the repository"); };',
			loader: 'js',
		}));
		build.onResolve({ filter: /^bowser$/ }, ({ path }) => ({ path, namespace: 'left-out' }));
		build.onResolve({ filter: /\.node$/ }, ({ path }) => ({ path, namespace: 'left-out' }));
		build.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => leftOut(path));
		build.onLoad({ filter: /[\\/]dockerode[\\/]lib[\\/](session|buildkit)\.js$/ }, () => ({
			contents: 'module.exports = () => { throw new Error("BuildKit is left out of this bundle"); };',
			loader: 'js',
		}));
	},
};

/** Writes one bundle; returns the paths (relative to the project) of the sources that went in. Throws on any warning. */
async function bundle(entry, outfile, options = {}) {
	const { metafile, warnings } = await esbuild.build({
		absWorkingDir: root,
		entryPoints: [entry],
		outfile,
		bundle: true,
		platform: 'node',
		target: 'node22',
		format: 'cjs',
		external: ['n8n-workflow'],
		plugins: [inlineEngine, leaveOut],
		legalComments: 'none', // all of them are in THIRD_PARTY_LICENSES.txt
		logLevel: 'warning',
		metafile: true,
		tsconfig: resolve(root, 'tsconfig.json'),
		...options,
	});
	if (warnings.length > 0) throw new Error(`${entry}: ${warnings.length} warning(s) while bundling`);
	// Only what left something in the output: a library that was shaken away is not shipped.
	const output = Object.values(metafile.outputs)[0];
	return Object.entries(output.inputs)
		.filter(([, { bytesInOutput }]) => bytesInOutput > 0)
		.map(([path]) => path);
}

// The AWS SDK's ES modules: what is not used of them stays out (a third of its CommonJS).
const bundleEngine = () =>
	bundle('engine/main.ts', 'dist/engine/engine.js', { mainFields: ['module', 'main'] });
const bundleOperations = () => bundle('operations/index.ts', 'dist/operations/index.js');

async function bundleCli() {
	const outfile = 'dist/cli/main.js';
	const hasShebang = readFileSync(resolve(root, 'cli/main.ts'), 'utf8').startsWith('#!');
	const inputs = await bundle('cli/main.ts', outfile, {
		// Only so that an old Node.js can read the file far enough to say that it is too old.
		target: 'node12',
		banner: hasShebang ? {} : { js: '#!/usr/bin/env node' },
	});
	chmodSync(resolve(root, outfile), 0o755);
	return inputs;
}

module.exports = { bundleEngine, bundleOperations, bundleCli, root };
