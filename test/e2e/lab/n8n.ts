/**
 * A real n8n in a folder of its own, with the packed package installed as n8n's community packages are.
 * Needs `npm run build`, and N8N_BIN (scripts/lab/env). Whatever it says is kept in `log`, at level debug.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { until } from '../../integration/cli/lab';

const root = join(__dirname, '../../..');

export const owner = { email: 'owner@example.com', password: 'Lab-owner-1' } as const;

export interface Command {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface N8n {
	/** Empty until it was started. */
	readonly url: string;
	readonly folder: string;
	readonly pid: number | undefined;
	/** Everything that the server has said. */
	log(): string;
	/** `n8n <line…>`, in the same folder; the server may run meanwhile. */
	command(...line: string[]): Promise<Command>;
	/** Imports through n8n's own commands; the file with the data is gone afterwards. */
	import(what: 'credentials' | 'workflow', documents: readonly object[]): Promise<void>;
	start(): Promise<void>;
	stop(signal?: NodeJS.Signals): Promise<void>;
}

/** `more`: further variables of the server's environment. */
export async function installN8n(folder: string, more: Readonly<Record<string, string>> = {}): Promise<N8n> {
	const bin = process.env['N8N_BIN'];
	if (bin === undefined || !existsSync(bin))
		throw new Error('N8N_BIN names no n8n: run this through scripts/jest');
	installPackage(folder);
	const env = environment(folder, bin, await freePort(), await freePort());
	// What runs beside the server needs a port of its own; its output is read, and at level debug it is decorated.
	const commandEnv = { ...env, N8N_RUNNERS_BROKER_PORT: String(await freePort()), N8N_LOG_LEVEL: 'info' };
	const logFile = join(folder, 'n8n.log');
	let server: ChildProcess | undefined;

	const command: N8n['command'] = (...line) =>
		new Promise((resolve) => {
			execFile(
				process.execPath,
				[bin, ...line],
				{ env: commandEnv, maxBuffer: 256 << 20 },
				(error, stdout, stderr) => {
					const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
					resolve({ code, stdout, stderr });
				},
			);
		});
	return {
		url: `http://127.0.0.1:${env['N8N_PORT']}`,
		folder,
		get pid() {
			return server?.pid;
		},
		log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''),
		command,
		async import(what, documents) {
			const file = join(folder, `import-${randomBytes(4).toString('hex')}.json`);
			writeFileSync(file, JSON.stringify(documents), { mode: 0o600 });
			try {
				const { stdout, stderr } = await command(`import:${what}`, `--input=${file}`);
				if (!stdout.includes(`Successfully imported ${documents.length}`)) throw new Error(stdout + stderr);
			} finally {
				rmSync(file);
			}
		},
		async start() {
			const log = openSync(logFile, 'a');
			const child = spawn(process.execPath, [bin, 'start'], {
				env: { ...env, ...more },
				stdio: ['ignore', log, log],
			});
			closeSync(log);
			server = child;
			await until('n8n to be ready', async () => {
				if (child.exitCode !== null)
					throw new Error(`n8n ended:\n${readFileSync(logFile, 'utf8').slice(-4000)}`);
				return await answers(`http://127.0.0.1:${env['N8N_PORT']}/healthz/readiness`);
			});
		},
		async stop(signal = 'SIGTERM') {
			const child = server;
			if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
			const ended = new Promise((resolve) => child.once('exit', resolve));
			child.kill(signal);
			const stubborn = setTimeout(() => child.kill('SIGKILL'), 30_000);
			await ended;
			clearTimeout(stubborn);
		},
	};
}

/** The package as npm would deliver it, below n8n's folder for community packages. */
function installPackage(folder: string): void {
	if (!existsSync(join(root, 'dist/nodes'))) throw new Error('dist/ is missing: run "npm run build" first');
	const run = (line: string[], cwd: string) =>
		execFileSync('npm', [...line, '--ignore-scripts', '--no-audit', '--no-fund'], {
			cwd,
			stdio: ['ignore', 'pipe', 'pipe'],
		});
	const [packed] = JSON.parse(run(['pack', '--json', '--pack-destination', folder], root).toString()) as {
		filename: string;
	}[];
	const nodes = join(folder, '.n8n/nodes');
	mkdirSync(nodes, { recursive: true });
	writeFileSync(
		join(nodes, 'package.json'),
		JSON.stringify({ name: 'installed-nodes', private: true, dependencies: {} }),
	);
	run(['install', '--omit=peer', '--offline', join(folder, packed!.filename)], nodes);
}

function environment(folder: string, bin: string, port: number, brokerPort: number): Record<string, string> {
	const { hashSync } = createRequire(bin)('bcryptjs') as { hashSync(text: string, rounds: number): string };
	return {
		PATH: process.env['PATH'] ?? '',
		HOME: folder,
		N8N_USER_FOLDER: folder,
		N8N_PORT: String(port),
		N8N_LISTEN_ADDRESS: '127.0.0.1',
		N8N_RUNNERS_BROKER_PORT: String(brokerPort),
		N8N_ENCRYPTION_KEY: 'of this lab only',
		N8N_INSTANCE_OWNER_MANAGED_BY_ENV: 'true',
		N8N_INSTANCE_OWNER_EMAIL: owner.email,
		N8N_INSTANCE_OWNER_FIRST_NAME: 'Olivia',
		N8N_INSTANCE_OWNER_LAST_NAME: 'Owner',
		N8N_INSTANCE_OWNER_PASSWORD_HASH: hashSync(owner.password, 10),
		N8N_LOG_LEVEL: 'debug',
		N8N_SECURE_COOKIE: 'false',
		N8N_DIAGNOSTICS_ENABLED: 'false',
		N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
		N8N_TEMPLATES_ENABLED: 'false',
		N8N_PERSONALIZATION_ENABLED: 'false',
		N8N_HIRING_BANNER_ENABLED: 'false',
		N8N_UNVERIFIED_PACKAGES_ENABLED: 'true',
	};
}

async function freePort(): Promise<number> {
	return await new Promise((resolve) => {
		const server = createServer().listen(0, '127.0.0.1', () => {
			const { port } = server.address() as AddressInfo;
			server.close(() => resolve(port));
		});
	});
}

async function answers(url: string): Promise<boolean> {
	try {
		return (await fetch(url)).ok;
	} catch {
		return false; // nobody listens yet
	}
}
