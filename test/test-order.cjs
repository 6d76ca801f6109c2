/**
 * The order of test files where several run side by side: long ones first, so that none of them is alone in the end,
 * and among them those that mostly wait (for leases, time-outs, servers that are away) between those that work.
 */
const { default: Sequencer } = require('@jest/test-sequencer');

/** Below test/integration/; a file that is in neither takes less than about half a minute. */
const waiting = [
	's3/locks',
	'copy/s3',
	's3/faults',
	's3/faults-storage',
	'copy/interrupted',
	'restore/over-killed',
	's3/append-only',
	's3/locks-commands',
	'cli/killed',
	'docker/guard',
	'docker/guard-restart',
	'quiesce/failures',
	'quiesce/rest',
	'images/interrupted',
	'engine/repository/s3-server-faults',
];
const working = [
	'postgres/restore-round-trip',
	'postgres/drill',
	'restore/malicious',
	'postgres/dump-failures',
	'engine/repository/s3-conformance',
	'restore/over',
	'compare/compare',
	'n8n-itself/postgres',
	'n8n-itself/sqlite',
	'hosts/another-host',
	'containers/containers',
	'hosts/docker-access',
	'images/images',
	'cli/round-trip',
	'cli/tampered',
	's3/backup',
	'cli/s3',
	'postgres/dump',
	'postgres/restore-faults',
	'recovery/recovery',
	'recovery/rotation',
	'cli/concurrent',
	'docker/exec',
	'postgres/restore-in-place',
	'postgres/restore-swap',
];
/** One that waits, two that work, and again. */
const rows = Math.max(waiting.length, Math.ceil(working.length / 2));
const row = (_, n) => [...waiting.slice(n, n + 1), ...working.slice(2 * n, 2 * n + 2)];
const order = Array.from({ length: rows }, row).flat();

module.exports = class extends Sequencer {
	sort(tests) {
		const place = ({ path }) => {
			const found = order.findIndex((name) => path.endsWith(`/test/integration/${name}.test.ts`));
			return found === -1 ? order.length : found;
		};
		return [...tests].sort((a, b) => place(a) - place(b) || (a.path < b.path ? -1 : 1));
	}
};
