import { runItems, type ItemOutcomes, type ItemRun } from '../../../../nodes/shared/run-items';
import { BackupError } from '../../../../operations/index';
import { execution } from '../execution';

const locked = new BackupError('locked', 'job "nightly" is locked', { hint: 'Wait.' });
const lockedJson = { code: 'locked', message: 'job "nightly" is locked', hint: 'Wait.' };
const one = (data: object): Promise<ItemOutcomes> => Promise.resolve({ outcomes: [{ data }] });

test('each item runs with its own parameters and is paired with what came of it', async () => {
	const { functions } = execution({ items: 3, parameters: { job: (item: number) => `job${item}` } });
	const output = await runItems(functions, ({ parameters }) => one({ job: parameters.text('job', 'Job') }));
	expect(output).toEqual([
		[
			{ json: { job: 'job0' }, pairedItem: { item: 0 } },
			{ json: { job: 'job1' }, pairedItem: { item: 1 } },
			{ json: { job: 'job2' }, pairedItem: { item: 2 } },
		],
	]);
});

test('no items, no runs', async () => {
	const { functions } = execution({ items: 0 });
	const run = jest.fn();
	await expect(runItems(functions, run)).resolves.toEqual([[]]);
	expect(run).not.toHaveBeenCalled();
});

test('items run one after the other', async () => {
	const { functions } = execution({ items: 3 });
	let running = 0;
	await runItems(functions, async () => {
		expect(++running).toBe(1);
		await Promise.resolve();
		running--;
		return { outcomes: [] };
	});
});

test('a failure stops the node at its item', async () => {
	const { functions } = execution({ items: 3, parameters: { n: (item: number) => item } });
	const run = jest.fn(({ parameters }: ItemRun) => {
		if (parameters.whole('n', 'N', 0, 0) === 1) throw locked;
		return one({});
	});
	await expect(runItems(functions, run)).rejects.toMatchObject({
		message: locked.message,
		description: 'Wait. (locked)',
		context: { itemIndex: 1, code: 'locked' },
	});
	expect(run).toHaveBeenCalledTimes(2);
});

test('an outcome with a failure stops the node too, and the failure of the whole run leads', async () => {
	const { functions } = execution();
	const failing = { outcomes: [{ data: { id: 'a' } }, { data: { id: 'b' }, failure: locked }] };
	await expect(runItems(functions, () => Promise.resolve(failing))).rejects.toMatchObject({
		message: locked.message,
	});
	const failure = new BackupError('locked', '1 of 2 archives failed');
	await expect(runItems(functions, () => Promise.resolve({ ...failing, failure }))).rejects.toMatchObject({
		message: '1 of 2 archives failed',
	});
});

test('continuing on the regular output: the record with its error, beside the good ones', async () => {
	const { functions } = execution({ items: 2, onError: 'continueRegularOutput' });
	const output = await runItems(functions, () =>
		Promise.resolve({
			outcomes: [
				{ data: { id: 'a', error: null } },
				{ data: { id: 'b', status: 'failed' }, failure: locked },
			],
		}),
	);
	expect(output[0]?.slice(0, 2)).toEqual([
		{ json: { id: 'a', error: null }, pairedItem: { item: 0 } },
		{ json: { id: 'b', status: 'failed', error: lockedJson }, pairedItem: { item: 0 } },
	]);
	expect(output[0]?.slice(2).map((item) => item.pairedItem)).toEqual([{ item: 1 }, { item: 1 }]);
});

test('continuing on the error output: only the keys that n8n sends there', async () => {
	const { functions } = execution({ onError: 'continueErrorOutput' });
	const [items] = await runItems(functions, () =>
		Promise.resolve({ outcomes: [{ data: { id: 'b' }, failure: locked }] }),
	);
	expect(items).toEqual([
		{ json: { error: lockedJson, message: locked.message, details: { id: 'b' } }, pairedItem: { item: 0 } },
	]);
});

test('a failure before there is a record has no details', async () => {
	const thrower = () => {
		throw locked;
	};
	const regular = execution({ onError: 'continueRegularOutput' });
	await expect(runItems(regular.functions, thrower)).resolves.toEqual([
		[{ json: { error: lockedJson }, pairedItem: { item: 0 } }],
	]);
	const separate = execution({ onError: 'continueErrorOutput' });
	await expect(runItems(separate.functions, thrower)).resolves.toEqual([
		[{ json: { error: lockedJson, message: locked.message, details: null }, pairedItem: { item: 0 } }],
	]);
});

test('a cancelled execution stops though the node continues on failure', async () => {
	const controller = new AbortController();
	const { functions } = execution({ items: 2, onError: 'continueRegularOutput', signal: controller.signal });
	const run = jest.fn(() => {
		controller.abort();
		throw new BackupError('cancelled', 'the operation was cancelled');
	});
	await expect(runItems(functions, run)).rejects.toMatchObject({ context: { code: 'cancelled' } });
	expect(run).toHaveBeenCalledTimes(1);
});

test("the operation gets n8n's signal and who asked", async () => {
	const { signal } = new AbortController();
	const { functions } = execution({ signal });
	await runItems(functions, ({ context }) => {
		expect(context.signal).toBe(signal);
		expect(context.workflow).toEqual({ id: 'w1', name: 'Back up nightly', executionId: '42' });
		return one({});
	});
});

test('a workflow that was never saved', async () => {
	const { functions } = execution({ workflow: {} });
	await runItems(functions, ({ context }) => one({ ...context.workflow })).then((output) => {
		expect(output[0]?.[0]?.json).toEqual({ id: '', name: '', executionId: '42' });
	});
});

test('progress goes to the browser in a manual run, else to the log', async () => {
	const tell = ({ context }: ItemRun) => {
		context.onEvent({ event: 'phase', name: 'reading', id: null });
		return one({});
	};
	const manual = execution({ mode: 'manual' });
	await runItems(manual.functions, tell);
	expect(manual.told).toMatchObject({ ui: ['reading'], log: [] });
	const automatic = execution({ mode: 'trigger' });
	await runItems(automatic.functions, tell);
	expect(automatic.told).toMatchObject({ ui: [], log: ['Backup Volume: reading'] });
});

test('hints are shown above the output', async () => {
	const { functions, told } = execution();
	await runItems(functions, () => Promise.resolve({ outcomes: [], hints: ['3 warnings'] }));
	expect(told.hints).toEqual([{ message: '3 warnings', type: 'warning', location: 'outputPane' }]);
});
