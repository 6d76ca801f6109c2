/**
 * Completes package-lock.json after `npm install`: node scripts/complete-lockfile.mjs
 * Where a registry mirror lacks the native builds of other platforms, npm leaves them out of the lockfile, and then
 * `npm ci` refuses it everywhere. Each is an exact optional dependency of its parent, so it is written down from that
 * (without a checksum, which the mirror could not tell). Also removes any registry address. Prints what it added.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
const systems = [
	'aix',
	'android',
	'darwin',
	'freebsd',
	'linux',
	'netbsd',
	'openbsd',
	'openharmony',
	'sunos',
	'win32',
];
const processors = [
	'arm',
	'arm64',
	'ia32',
	'loong64',
	'mips64el',
	'ppc64',
	'riscv64',
	's390x',
	'wasm32',
	'x64',
];

/** What the name says it runs on; undefined for an optional package that is not a native build. */
function platform(name) {
	const parts = name.split(/[-/]/);
	const os = systems.find((it) => parts.includes(it));
	const cpu = processors.find((it) => parts.includes(it));
	return os || cpu ? { ...(cpu && { cpu: [cpu] }), ...(os && { os: [os] }) } : undefined;
}

for (const [location, entry] of Object.entries(lock.packages)) {
	delete entry.resolved;
	for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
		const found =
			lock.packages[`node_modules/${name}`] ?? lock.packages[`${location}/node_modules/${name}`] ?? undefined;
		const runsOn = platform(name);
		if (found || !runsOn || !/^\d/.test(version)) continue;
		lock.packages[`node_modules/${name}`] = {
			version,
			...runsOn,
			...(entry.dev && { dev: true }),
			optional: true,
		};
		console.log(`added ${name}@${version}`);
	}
}
const { '': root, ...rest } = lock.packages;
lock.packages = {
	'': root,
	...Object.fromEntries(Object.entries(rest).sort(([a], [b]) => a.localeCompare(b, 'en'))),
};
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
