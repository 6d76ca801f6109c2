/**
 * A page of docs/ as something to run: its headings with their `sh` blocks, and a reader who follows it. The reader
 * changes nothing but the values of the lines that begin with `export`, as the page tells.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Section {
	readonly heading: string;
	readonly blocks: readonly string[];
}

/** The sections that have blocks, in their order. */
export function sectionsOf(page: string): Section[] {
	const sections: { heading: string; blocks: string[] }[] = [];
	let block: string[] | undefined;
	for (const line of readFileSync(join(__dirname, '../../../docs', page), 'utf8').split('\n')) {
		if (block !== undefined && line === '```') {
			sections.at(-1)!.blocks.push(block.join('\n'));
			block = undefined;
		} else if (block !== undefined) block.push(line);
		else if (line === '```sh') block = [];
		else if (/^##+ /.test(line)) sections.push({ heading: line.replace(/^#+ /, ''), blocks: [] });
	}
	return sections.filter(({ blocks }) => blocks.length > 0);
}

export interface Done {
	readonly code: number | null;
	readonly output: string;
}

const setting = /^export (\w+)=(.*)$/;

/** A reader in `directory`; `environment` is all that the commands get besides what the page exports. */
export function reader(directory: string, environment: Readonly<Record<string, string>>) {
	const values = new Map<string, string>();
	const used = new Set<string>();
	const ownValue = (line: string): string => {
		const name = setting.exec(line)?.[1];
		const value = name === undefined ? undefined : values.get(name);
		if (name === undefined || value === undefined) return line;
		used.add(name);
		return `export ${name}=${quoted(value)}`;
	};
	const remembered: string[] = [];
	return {
		/** What the reader puts behind `export NAME=`. */
		put(name: string, value: string): void {
			values.set(name, value);
		},
		/** Values that the page never asked for: a test that believes in something the page lost. */
		unused: (): string[] => [...values.keys()].filter((name) => !used.has(name)),
		/** Runs a block, with what was exported in those before. Stops at the first command that fails. */
		async run(block: string, path?: string): Promise<Done> {
			const lines = block.split('\n').map(ownValue);
			const script = [...remembered, ...lines].join('\n');
			const done = await bash(
				script,
				directory,
				path === undefined ? environment : { ...environment, PATH: path },
			);
			remembered.push(...lines.filter((line) => setting.test(line)));
			return done;
		},
	};
}

const quoted = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;

async function bash(script: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Done> {
	return await new Promise((resolve, reject) => {
		const child = spawn('/bin/bash', ['-euo', 'pipefail', '-c', script], {
			cwd,
			env,
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		const output: Buffer[] = [];
		child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
		child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
		child.once('error', reject);
		child.once('close', (code) => resolve({ code, output: Buffer.concat(output).toString() }));
	});
}
