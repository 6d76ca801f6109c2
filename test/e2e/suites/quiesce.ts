/** Applications that rest while they are backed up, as a user of n8n asks for it. */
import { docker, fill, unique } from '../../integration/cli/lab';
import type { Lab } from '../lab/lab';
import { backup, chain } from '../lab/workflows';

const image = 'node:24-bookworm-slim';

export function quiesceSuite(lab: Lab): void {
	describe('quiescing', () => {
		const container = unique('quiet');
		let volume: string;

		beforeAll(async () => {
			volume = await lab.volume('quiet');
			await fill(volume, { a: 'a' });
			const options = ['--init', '--network=none', '--name', container, '-v', `${volume}:/data`];
			await docker('run', '-d', ...options, image, 'sleep', '86400');
		});
		afterAll(async () => {
			await docker('rm', '-f', container);
		});

		const command = (text: string) => ({ command: [{ container, command: `sh\n-c\n${text}` }] });

		test('stopped after a command, started before another, and the record says so', async () => {
			const before = await docker('inspect', '-f', '{{.State.StartedAt}}', container);
			const { output, error } = await lab.execute(
				chain('quiesced', [
					'Backup',
					'backupVolume',
					backup(lab.job(), [volume], {
						quiesce: 'stop',
						quiesceWhich: 'using',
						quiesceOptions: {
							before: command('echo before >> /data/said'),
							after: command('echo after >> /data/said'),
						},
					}),
				]),
			);
			expect(error).toBeUndefined();
			expect(output('Backup')).toMatchObject([
				{ json: { status: 'success', consistency: 'stopped', warnings: [] } },
			]);
			expect(output('Backup')![0]!.json['downtimeMs']).toBeGreaterThan(0);
			const [status, started] = (
				await docker('inspect', '-f', '{{.State.Status}} {{.State.StartedAt}}', container)
			).split(' ');
			expect([status, started === before]).toEqual(['running', false]);
			expect(await docker('exec', container, 'cat', '/data/said')).toBe('before\nafter');
		});
	});
}
