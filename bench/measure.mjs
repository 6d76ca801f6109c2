// Runs Docker commands, and measures what happens in a container meanwhile: wall time, CPU time and the sum
// of its processes' peak resident memory, read from /proc of this host every 100 ms (so: root, local daemon).
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

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
	let container = '';
	const sample = async () => {
		container ||= await output('docker', ['ps', '-q', '--no-trunc', '--filter', filter]);
		if (container === '') return;
		const top = await output('docker', ['top', container, '-o', 'pid']);
		for (const pid of top.split('\n').slice(1)) observe(pid.trim(), processes);
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
		// The process ended between the two looks.
		if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
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
