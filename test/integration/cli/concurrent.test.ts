/** One writer per job, whoever starts it. */
import { noise } from '../../trees/odd-tree';
import { startEight } from './eight-starts';
import { fill, json, lab, start, type Failure } from './lab';

const { directory, job: newJob, keyFile, volume } = lab();

test('of eight starts at once exactly one runs', async () => {
	const source = await volume('source');
	// Enough, at level 19, to be met at its source.
	await fill(source, { noise: noise(16 << 20, 9) });
	const job = newJob();
	const at = ['--repository', directory(), '--key-file', keyFile()];
	const line = ['backup', 'volume', source, '--job', job, '--level', '19', '--json', '--quiet', ...at];
	const ended = await startEight(job, line);
	const documents = ended.map(({ stdout }) => JSON.parse(stdout.toString()) as Partial<Failure>);
	expect(ended.map(({ code }) => code).sort()).toEqual([0, 6, 6, 6, 6, 6, 6, 6]);
	const refused = documents.filter(({ error }) => error !== undefined);
	for (const { error } of refused)
		expect(error).toMatchObject({ code: 'locked', hint: expect.any(String) as string });
	const { entries } = await json<{ entries: { status: string }[] }>(['list', ...at]);
	expect(entries.map(({ status }) => status)).toEqual(['success']);
});

test('with --lock-wait they run one after the other', async () => {
	const source = await volume('source');
	await fill(source, { a: 'a' });
	const job = newJob();
	const at = ['--repository', directory(), '--key-file', keyFile()];
	const line = ['backup', 'volume', source, '--job', job, '--lock-wait', '120', '--json', '--quiet', ...at];
	const ended = await Promise.all([1, 2, 3].map(() => start(line).ended));
	expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
	const { entries } = await json<{ entries: { seq: number }[] }>(['list', ...at]);
	expect(entries.map(({ seq }) => seq).sort()).toEqual([1, 2, 3]);
});
