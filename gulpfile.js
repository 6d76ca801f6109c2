/**
 * The second half of `npm run build`, after `n8n-node build` (which empties dist/, runs tsc and copies pictures):
 * replaces tsc's output of everything below the nodes by bundles, adds the codex files, removes what is dead, and
 * writes THIRD_PARTY_LICENSES.txt. Afterwards dist/ holds exactly:
 *   nodes/ credentials/   thin; they require Node, n8n-workflow, each other and ../../operations
 *   operations/index.js   cli/main.js   engine/engine.js (read by un-bundled code in tests; not published)
 */
const { readdir, rm, writeFile } = require('node:fs/promises');
const { join } = require('node:path');
const { dest, series, src } = require('gulp');
const { bundleCli, bundleEngine, bundleOperations, root } = require('./scripts/build/bundles.js');
const { licenceText } = require('./scripts/build/licences.js');

const inputs = [];
const dist = (...parts) => join(root, 'dist', ...parts);

/** Only nodes and credentials are tsc's in the end. */
async function prune() {
	const kept = ['nodes', 'credentials'];
	const dead = (await readdir(dist())).filter((name) => !kept.includes(name));
	await Promise.all(dead.map((name) => rm(dist(name), { recursive: true })));
}

async function engine() {
	inputs.push(...(await bundleEngine()));
}

async function operations() {
	inputs.push(...(await bundleOperations()));
}

async function cli() {
	inputs.push(...(await bundleCli()));
}

function statics() {
	return src(['nodes/**/*.{node.json,svg,png}', 'credentials/**/*.{svg,png}'], {
		base: '.',
		encoding: false,
	}).pipe(dest('dist'));
}

async function licences() {
	await writeFile(join(root, 'THIRD_PARTY_LICENSES.txt'), licenceText(root, inputs));
}

exports.default = series(prune, engine, operations, cli, statics, licences);
