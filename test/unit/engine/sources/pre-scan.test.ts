/** The estimate beside what reading really gives, with the real GNU tar. */
import { linkSync, mkdirSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { preScan } from '../../../../engine/sources/pre-scan';
import { readVolumes } from '../../../../engine/sources/volumes';
import { scratchDirectories } from '../../../fakes/directories';
import { createOddTree } from '../../../trees/odd-tree';

const directory = scratchDirectories();
const never = new AbortController().signal;
/** A tar of each source ends in up to 10 KiB of padding, which the archive does not take over. */
const padding = 10_240;

/** Sources of these names, each filled by its function. */
function sourcesOf(fill: Readonly<Record<string, (path: string) => void>>) {
	const root = directory();
	return Object.entries(fill).map(([name, make]) => {
		const path = join(root, 'volumes', name);
		mkdirSync(path, { recursive: true });
		make(path);
		return { type: 'volume', name, path } as const;
	});
}

async function bytesRead(sources: ReturnType<typeof sourcesOf>, exclude: readonly string[] = []) {
	let bytes = 0;
	const options = {
		exclude,
		markerKey: 'none',
		signal: never,
		onEntry: () => undefined,
		onWarning: () => undefined,
	};
	for await (const chunk of readVolumes({ sources }, options)) bytes += chunk.length;
	return bytes;
}

function file(path: string, bytes: number) {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, Buffer.alloc(bytes, 1));
}

test.each<[string, (path: string) => void]>([
	['nothing', () => undefined],
	['an empty file', (path) => file(join(path, 'empty'), 0)],
	...[511, 512, 513, 1_000_000].map((size): [string, (path: string) => void] => [
		`a file of ${size} bytes`,
		(path) => file(join(path, 'file'), size),
	]),
	['names that need a header of their own', (path) => file(join(path, 'n'.repeat(200), 'm'.repeat(250)), 10)],
	[
		'hard links',
		(path) => {
			file(join(path, 'first'), 500_000);
			linkSync(join(path, 'first'), join(path, 'second'));
		},
	],
	[
		'a sparse file',
		(path) => {
			file(join(path, 'sparse'), 8192);
			truncateSync(join(path, 'sparse'), 5_000_000_000);
		},
	],
	['a dangling symbolic link', (path) => symlinkSync('nowhere', join(path, 'link'))],
])('%s: as much as is read', async (_what, fill) => {
	const sources = sourcesOf({ data: fill });
	const estimate = await preScan({ sources }, [], never);
	const real = await bytesRead(sources);
	expect(estimate).toBeGreaterThanOrEqual(real);
	expect(estimate! - real).toBeLessThanOrEqual(padding);
});

test('several sources, and what is excluded from them', async () => {
	const fill = (path: string) => {
		file(join(path, 'keep'), 100_000);
		file(join(path, 'cache/drop'), 3_000_000);
		file(join(path, 'sub/cache/drop'), 3_000_000);
	};
	const sources = sourcesOf({ one: fill, two: fill });
	for (const [exclude, least] of [
		[[], 12_200_000],
		[['/cache'], 6_200_000],
		[['cache'], 200_000],
		[['*'], 0],
	] as const) {
		const estimate = await preScan({ sources }, exclude, never);
		const real = await bytesRead(sources, exclude);
		expect(real).toBeGreaterThanOrEqual(least);
		expect(estimate).toBeGreaterThanOrEqual(real);
		expect(estimate! - real).toBeLessThanOrEqual(2 * padding);
	}
});

test('odd things: only their attributes are not counted', async () => {
	const sources = sourcesOf({ odd: (path) => createOddTree(path) });
	const estimate = (await preScan({ sources }, [], never))!;
	const real = await bytesRead(sources);
	expect(Math.abs(real - estimate) / real).toBeLessThan(0.05);
});

test('content is not read', async () => {
	const sources = sourcesOf({
		large: (path) => {
			file(join(path, 'sparse'), 1);
			truncateSync(join(path, 'sparse'), 2 ** 42);
		},
	});
	// Reading the four tebibytes of zeros would take far longer than the test may.
	expect(await preScan({ sources }, [], never)).toBeLessThan(20_000);
});

test('what is gone does not fail it: reading will say why', async () => {
	const [source] = sourcesOf({ there: () => undefined });
	const gone = { ...source!, name: 'gone', path: join(dirname(dirname(source!.path)), 'elsewhere/gone') };
	expect(await preScan({ sources: [gone] }, [], never)).toBeLessThan(20_000);
});

test('a file that vanishes meanwhile does no harm', async () => {
	const sources = sourcesOf({
		data: (path) => {
			file(join(path, 'a'), 1000);
			file(join(path, 'b'), 1000);
		},
	});
	unlinkSync(join(sources[0]!.path, 'b'));
	expect(await preScan({ sources }, [], never)).toBeGreaterThan(1000);
});

test('an abort ends it with its reason', async () => {
	const sources = sourcesOf({ data: (path) => file(join(path, 'a'), 10) });
	const aborter = new AbortController();
	const reason = new Error('enough');
	aborter.abort(reason);
	await expect(preScan({ sources }, [], aborter.signal)).rejects.toBe(reason);
	const later = new AbortController();
	const scan = preScan({ sources }, [], later.signal);
	later.abort(reason);
	await expect(scan).rejects.toBe(reason);
});
