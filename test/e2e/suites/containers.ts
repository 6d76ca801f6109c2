/** A container and an image as a user of n8n keeps and gets them back: made again under another name, and in its place. */
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { docker, fill, mountpoint, unique } from '../../integration/cli/lab';
import type { Lab } from '../lab/lab';
import type { Execution, Item } from '../lab/rest';
import { chain } from '../lab/workflows';

const byId = (id: unknown): object => ({ __rl: true, mode: 'id', value: id });
const image = 'node:24-bookworm-slim';

export function containerSuite(lab: Lab): void {
	describe('containers', () => {
		const container = unique('app');
		const copy = unique('app-copy');
		let volume: string;
		let record: Item['json'];

		const run = (type: string, parameters: object): Promise<Execution> =>
			lab.execute(chain(`containers ${type}`, ['Node', type, { options: {}, ...parameters }]));
		const item = async (type: string, parameters: object): Promise<Item['json']> => {
			const { output, error } = await run(type, parameters);
			expect(error).toBeUndefined();
			expect(output('Node')).toHaveLength(1);
			return output('Node')![0]!.json;
		};
		const restore = (changes: object) => ({
			kind: 'container',
			select: 'id',
			record: byId(record['id']),
			startContainer: true,
			...changes,
		});
		const stateOf = (name: string) => docker('inspect', '-f', '{{.State.Status}}', name);

		beforeAll(async () => {
			volume = await lab.volume('app');
			lab.volumeName('app-copy');
			await fill(volume, { greeting: 'hello' });
			const options = ['--init', '--network=none', '--name', container, '-v', `${volume}:/data`];
			await docker('run', '-d', ...options, '-e', 'API_TOKEN=hush', image, 'sleep', '86400');
			record = await item('backupContainer', {
				resource: 'container',
				job: lab.job(),
				containersBy: 'list',
				containers: [container],
				mask: 'secrets',
				quiesce: 'pause',
				quiesceWhich: 'using',
			});
		});
		afterAll(async () => {
			await docker('rm', '-f', container, copy).catch(() => undefined);
			await docker('volume', 'rm', '-f', `${volume}-copy`);
		});

		test('a record, and the container as it was', async () => {
			expect(record).toMatchObject({ status: 'success', kind: 'container', consistency: 'paused' });
			expect(await stateOf(container)).toBe('running');
		});

		test('a dry run says what differs', async () => {
			const told = await item('restore', restore({ dryRun: true, keepVolumes: true }));
			expect(told).toMatchObject({ dryRun: true, volumes: [expect.anything()] });
			expect(JSON.stringify(told)).not.toContain('hush');
		});

		test('under another name, beside the original; what was left out is asked for', async () => {
			const beside = { containerName: copy, volumeSuffix: '-copy' };
			const refused = await run('restore', restore(beside));
			expect(refused.error?.message).toContain('API_TOKEN');
			const variable = { variable: [{ name: 'API_TOKEN', value: 'hush again' }] };
			const made = await item('restore', restore({ ...beside, options: { environment: variable } }));
			expect(made).toMatchObject({ container: { name: copy, started: true } });
			expect(await docker('exec', copy, 'sh', '-c', 'echo "$(cat /data/greeting) $API_TOKEN"')).toBe(
				'hello hush again',
			);
			expect(readFileSync(join(await mountpoint(`${volume}-copy`), 'greeting'), 'utf8')).toBe('hello');
		});

		test('an image is kept, and needs no load where it is', async () => {
			const small = unique('image').toLowerCase();
			await docker('commit', '--change', 'LABEL dbk=test', container, `${small}:1`);
			try {
				const kept = await item('backupContainer', {
					resource: 'image',
					job: lab.job(),
					images: `${small}:1`,
				});
				expect(kept).toMatchObject({ status: 'success', kind: 'image' });
				await docker('rmi', `${small}:1`);
				const [again, present] = [
					await item('restore', { kind: 'image', select: 'id', record: byId(kept['id']) }),
					await item('restore', { kind: 'image', select: 'id', record: byId(kept['id']) }),
				];
				expect([again, present]).toMatchObject([
					{ references: [{ reference: `${small}:1`, present: false }] },
					{ references: [{ reference: `${small}:1`, present: true }] },
				]);
				expect(await docker('image', 'inspect', '-f', '{{.Config.Labels.dbk}}', `${small}:1`)).toBe('test');
			} finally {
				await docker('rmi', `${small}:1`).catch(() => undefined);
			}
		});
	});
}
