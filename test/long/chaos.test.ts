/**
 * 50 backups that stop containers, each cut short by the kill of the command, its runner, its guard or dockerd at a
 * random moment. CHAOS_RUNS and CHAOS_SEED choose how many and which.
 */
import { chaos } from '../integration/docker/chaos';
import { image } from '../integration/docker/lab';
import { emptyEngine } from '../integration/recovery/empty-engine';

const engine = emptyEngine(image);

test('all runs again, nothing is left, every record is true', async () => {
	const runs = Number(process.env['CHAOS_RUNS'] ?? 50);
	const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1e6);
	console.log(`${runs} runs, seed ${seed}`);
	console.log(JSON.stringify(await chaos(engine, image, { runs, seed, megabytes: 100 })));
});
