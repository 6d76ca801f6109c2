/** Golden helps: `UPDATE_GOLDEN=1 npx jest …` writes them anew, after which a reader must look at the difference. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verbs } from '../../../cli/verbs/index';
import { runCli } from './run-cli';

function expectGolden(name: string, text: string): void {
	const path = join(__dirname, 'golden', `${name}.txt`);
	if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, text);
	expect(text).toBe(readFileSync(path, 'utf8'));
}

test('the overview', async () => {
	const { code, stdout, stderr } = await runCli([]);
	expect([code, stderr]).toEqual([0, '']);
	expectGolden('overview', stdout);
});

test.each(verbs.map(({ name }) => name))('%s', async (name) => {
	const { code, stdout, stderr } = await runCli([...name.split(' '), '--help']);
	expect([code, stderr]).toEqual([0, '']);
	expectGolden(name.replace(' ', '-'), stdout);
	expect(await runCli(['help', ...name.split(' ')])).toEqual({ code, stdout, stderr });
});

test.each(verbs.map(({ name, examples }) => [name, examples] as const))(
	'the examples of %s parse',
	async (_name, examples) => {
		// Two lines that a backslash joins are one command; what a pipe feeds is not ours.
		const commands = examples
			.join('\n')
			.replaceAll('\\\n', '')
			.split('\n')
			.map((line) => line.split('|')[0] ?? '');
		expect(commands.length).toBeGreaterThan(0);
		for (const command of commands) {
			const [program, ...line] = command.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [];
			expect(program).toBe('docker-backup');
			// A flag that the verb does not know is told before help is.
			expect(await runCli([...line, '--help'])).toMatchObject({ code: 0, stderr: '' });
		}
	},
);

test('lines fit a terminal of 100 columns', async () => {
	const texts = await Promise.all(
		[[], ...verbs.map(({ name }) => [...name.split(' '), '--help'])].map((line) => runCli(line)),
	);
	const long = texts.flatMap(({ stdout }) => stdout.split('\n')).filter((line) => line.length > 100);
	expect(long.filter((line) => !line.includes('docker-backup '))).toEqual([]);
});
