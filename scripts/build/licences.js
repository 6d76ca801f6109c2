/**
 * The licences of what a bundle carries: from the paths of its sources to one text that lists every third-party
 * package with its version and its licence's full text. Throws for a package that names no licence.
 */
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

/** `node_modules/a/node_modules/@b/c/lib/x.js` → `node_modules/a/node_modules/@b/c`; undefined for our own files. */
function packageFolder(path) {
	const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path.replaceAll('\\', '/'));
	return match?.[1];
}

function describe(root, folder) {
	const { name, version, license, licenses, author } = JSON.parse(
		readFileSync(join(root, folder, 'package.json'), 'utf8'),
	);
	const spdx = license?.type ?? license ?? licenses?.map((it) => it.type ?? it).join(' OR ');
	if (!spdx) throw new Error(`${name}@${version} is bundled but names no licence`);
	const texts = readdirSync(join(root, folder), { withFileTypes: true })
		.filter((it) => it.isFile() && /^(licen[cs]e|copying|notice)/i.test(it.name))
		.map((it) =>
			readFileSync(join(root, folder, it.name), 'utf8')
				.replaceAll('\r\n', '\n')
				.trim(),
		)
		.sort();
	return {
		name,
		version,
		spdx,
		text:
			texts.join('\n\n') ||
			`(no licence text in the package; its author: ${author?.name ?? author ?? 'not named'})`,
	};
}

/** @param root the project's folder; @param inputs sources relative to it */
function licenceText(root, inputs) {
	const folders = [...new Set(inputs.map(packageFolder).filter((it) => it !== undefined))];
	const packages = new Map(
		folders.map((folder) => describe(root, folder)).map((it) => [`${it.name}@${it.version}`, it]),
	);
	const sections = [...packages.keys()]
		.sort()
		.map((key) => packages.get(key))
		.map(({ name, version, spdx, text }) => `${'='.repeat(80)}\n${name} ${version} (${spdx})\n\n${text}\n`);
	return [`This package contains parts of ${packages.size} others. Their licences:\n`, ...sections].join(
		'\n',
	);
}

module.exports = { licenceText, packageFolder };
