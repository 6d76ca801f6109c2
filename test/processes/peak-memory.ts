/** The memory of a process that is not ours to instrument, as Linux counts it. */
import { readFileSync } from 'node:fs';

/** Resident bytes now; null: it is gone. */
export function residentBytes(pid: number): number | null {
	let status: string;
	try {
		status = readFileSync(`/proc/${pid}/status`, 'utf8');
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'ESRCH') return null;
		throw error;
	}
	// One that has ended, and is not waited for yet, has none.
	const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
	return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/** Watches a process until it is gone; call the result for the most that was seen. */
export function watchMemory(pid: number): () => number {
	let peak = 0;
	const look = () => {
		const bytes = residentBytes(pid);
		if (bytes === null) clearInterval(timer);
		else peak = Math.max(peak, bytes);
	};
	const timer = setInterval(look, 20);
	timer.unref();
	look();
	return () => peak;
}
