/** Kills runners as the kernel does when memory is short. */
import { existsSync, readFileSync } from 'node:fs';
import { docker, until } from '../cli/lab';

/** Kills the runner that extracts, at once: a request to Docker would come too late. Only that process, ever. */
export async function killerOf(job: string): Promise<() => void> {
	const filters = [`label=n8n-nodes-docker-backup.job=${job}`, 'label=n8n-nodes-docker-backup.role=extract'];
	const options = filters.flatMap((filter) => ['--filter', filter]);
	const [pid, id = ''] = await until('the runner', async () => {
		const found = await docker('ps', '-q', ...options);
		return found !== '' && (await docker('inspect', '-f', '{{.State.Pid}} {{.Id}}', found)).split(' ');
	});
	return () => {
		if (!existsSync(`/proc/${pid}`)) return; // it was faster
		if (id === '' || !readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id))
			throw new Error(`process ${pid} is not the runner's`);
		process.kill(Number(pid), 'SIGKILL');
	};
}
