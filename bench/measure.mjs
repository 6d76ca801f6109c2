// Runs Docker commands, and measures what happens in a container meanwhile: wall time, CPU time and the sum
// of its processes' peak resident memory, read from /proc of this host every 100 ms (so: root, local daemon).
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

const ticksPerSecond = 100;

/** Runs docker and returns its stdout; throws with its stderr. */
export function docker(...args) {
	return execFileSync('docker', args, { encoding: 'utf8', maxBuffer: 1 << 24 }).trim();
}
docker.input = (input, ...args) => execFileSync('docker', args, { input, encoding: 'utf8' }).trim();
docker.wait = (...args) =>
	new Promise((resolve, reject) => {
		const child = spawn('docker', args, { stdio: ['ignore', 'ignore', 'inherit'] });
		child.once('error', reject);
		child.once('close', (code) =>
			code === 0 ? resolve() : reject(new Error(`docker ${args[0]}: exit code ${code}`)),
		);
	});

/** Runs docker without holding up this process, so that others can be measured meanwhile; resolves to its stdout. */
docker.output = (...args) =>
	new Promise((resolve, reject) => {
		let text = '';
		const child = spawn('docker', args, { stdio: ['ignore', 'pipe', 'inherit'] });
		child.stdout.on('data', (chunk) => (text += chunk));
		child.once('error', reject);
		child.once('close', (code) =>
			code === 0 ? resolve(text) : reject(new Error(`docker ${args[0]}: exit code ${code}`)),
		);
	});

/** Whether the command succeeds. */
export function dockerQuiet(...args) {
	try {
		execFileSync('docker', args, { stdio: 'ignore' });
		return true;
	} catch {
		return false;
	}
}

/** `which`: `{name}` or `{label}` of the container that `work` starts. */
export async function measureContainer(work, which) {
	const filter = which.name ? `name=^/${which.name}$` : `label=${which.label}`;
	const processes = new Map();
	let init = '';
	const sample = async () => {
		init ||= await initOf(filter);
		if (init !== '') for (const pid of family(init)) observe(pid, processes);
	};
	let working = true;
	const sampling = (async () => {
		while (working) {
			await sample();
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	})();
	const started = performance.now();
	await work();
	const seconds = (performance.now() - started) / 1000;
	working = false;
	await sampling;
	const sum = (field) => [...processes.values()].reduce((total, figures) => total + figures[field], 0);
	return { seconds, cpuSeconds: sum('cpuSeconds'), peakMiB: sum('peakMiB') };
}

/** The container's first process, seen from this host; empty while there is none. */
async function initOf(filter) {
	const id = await output('docker', ['ps', '-q', '--no-trunc', '--filter', filter]);
	if (id === '') return '';
	const pid = await output('docker', ['inspect', '--format', '{{.State.Pid}}', id]);
	return Number(pid) > 0 ? pid : '';
}

/** A process and its descendants; asking the daemon instead would cost more CPU than it measures. */
function family(pid) {
	return [pid, ...childrenOf(pid).flatMap(family)];
}

function childrenOf(pid) {
	try {
		return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
			readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
		);
	} catch (error) {
		if (!gone(error)) throw error;
		return [];
	}
}

/** The process ended between the two looks. */
const gone = (error) => error.code === 'ENOENT' || error.code === 'ESRCH';

function observe(pid, processes) {
	try {
		const status = readFileSync(`/proc/${pid}/status`, 'utf8');
		const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
		const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
			.replace(/^.*\) /s, '')
			.split(' ');
		const cpuSeconds = (Number(stat[11]) + Number(stat[12])) / ticksPerSecond;
		const before = processes.get(pid);
		processes.set(pid, {
			peakMiB: Math.max(peak, before?.peakMiB ?? 0),
			cpuSeconds: Math.max(cpuSeconds, before?.cpuSeconds ?? 0),
		});
	} catch (error) {
		if (!gone(error)) throw error;
	}
}

function output(command, args) {
	return new Promise((resolve) => {
		let text = '';
		const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
		child.stdout.on('data', (chunk) => (text += chunk));
		child.once('close', () => resolve(text.trim()));
	});
}
