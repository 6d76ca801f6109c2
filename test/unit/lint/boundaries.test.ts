/** The import rule bites on every bad import, lets every good one pass, and is part of the project's lint. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const project = join(__dirname, '../../..');
const importing = (what: string) => `import { x } from '${what}';\nexport const y = x;\n`;

/** What may be imported; every file exports `x`. */
const targets = [
	'protocol/record',
	'engine/index',
	'engine/jobs/backup',
	'docker/runner',
	'operations/index',
	'operations/back-up',
	'cli/args',
	'nodes/shared/errors',
	'credentials/A',
];

const good: Array<[from: string, what: string]> = [
	['nodes/B/B.node', '../../operations'],
	['nodes/B/B.node', '../../operations/index'],
	['nodes/B/B.node', '../shared/errors'],
	['nodes/B/B.node', 'n8n-workflow'],
	['nodes/B/B.node', 'node:path'],
	['credentials/C', '../operations'],
	['cli/main', '../operations'],
	['cli/main', '../engine'],
	['operations/restore', '../docker/runner'],
	['operations/restore', '../engine'],
	['operations/restore', '../protocol/record'],
	['docker/client', 'dockerode'],
	['docker/client', '../protocol/record'],
	['engine/main', '../protocol/record'],
	['engine/main', './jobs/backup'],
];

const bad: Array<[from: string, what: string]> = [
	['nodes/B/B.node', '../../operations/back-up'],
	['nodes/B/B.node', '../../protocol/record'],
	['nodes/B/B.node', '../../docker/runner'],
	['nodes/B/B.node', '../../engine'],
	['nodes/B/B.node', 'dockerode'],
	['nodes/B/B.node', 'n8n-core'],
	['credentials/C', '../docker/runner'],
	['cli/main', '../operations/back-up'],
	['cli/main', '../engine/jobs/backup'],
	['cli/main', '../docker/runner'],
	['cli/main', '../nodes/shared/errors'],
	['cli/main', 'n8n-workflow'],
	['operations/restore', '../engine/jobs/backup'],
	['operations/restore', '../cli/args'],
	['operations/restore', '../nodes/shared/errors'],
	['operations/restore', 'dockerode'],
	['operations/restore', 'n8n-workflow'],
	['docker/client', '../engine'],
	['docker/client', '../operations'],
	['docker/client', 'n8n-workflow'],
	['engine/main', '../docker/runner'],
	['engine/main', '../operations'],
	['engine/main', 'dockerode'],
	['engine/main', 'n8n-workflow'],
	['protocol/job', '../engine'],
	['protocol/job', '../docker/runner'],
	['protocol/job', 'n8n-core'],
];

let root: string;
let found: Record<string, string[]>;
const fileOf = (kind: string, index: number, from: string) =>
	`${from.replace(/[^/]*$/, '')}${kind}${index}.ts`;

beforeAll(() => {
	root = mkdtempSync(join(tmpdir(), 'boundaries-'));
	const write = (path: string, text: string) => {
		mkdirSync(dirname(join(root, path)), { recursive: true });
		writeFileSync(join(root, path), text);
	};
	targets.forEach((path) => write(`${path}.ts`, 'export const x = 1;\n'));
	good.forEach(([from, what], i) => write(fileOf('good', i, from), importing(what)));
	bad.forEach(([from, what], i) => write(fileOf('bad', i, from), importing(what)));
	write('engine/type-only.ts', `import type Docker from 'dockerode';\nexport type D = Docker;\n`);
	write('engine/dynamic.ts', `export const load = () => import('../docker/runner');\n`);
	write('engine/re-export.ts', `export { x } from '../docker/runner';\n`);
	write('engine/ambient.ts', `export { randomBytes } from 'node:crypto';\n`);
	write('engine/random.ts', `export { randomBytes } from 'node:crypto';\n`);
	const program = join(__dirname, 'lint-tree.mjs');
	found = JSON.parse(execFileSync(process.execPath, [program, root], { encoding: 'utf8' }));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

test.each(good.map((it, i) => [...it, i] as const))('%s may import %s', (from, _what, i) => {
	expect(found[fileOf('good', i, from)]).toEqual([]);
});

test.each(bad.map((it, i) => [...it, i] as const))('%s must not import %s', (from, _what, i) => {
	expect(found[fileOf('bad', i, from)]).toHaveLength(1);
});

test.each(['type-only', 'dynamic', 're-export', 'ambient'])('a %s import does not slip through', (name) => {
	expect(found[`engine/${name}.ts`]).toHaveLength(1);
});

test('random.ts is where random bytes are made', () => {
	expect(found['engine/random.ts']).toEqual([]);
});

test.each(['nodes', 'credentials', 'cli', 'operations', 'docker', 'engine', 'protocol'])(
	"the project's lint applies the rule to %s/",
	(part) => {
		const eslint = join(project, 'node_modules/eslint/bin/eslint.js');
		const args = [eslint, '--print-config', `${part}/any.ts`];
		const config = JSON.parse(execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8' }));
		expect(config.rules['import-x/no-restricted-paths'][0]).toBe(2);
		expect(config.rules['no-restricted-imports'][0]).toBe(2);
	},
);
