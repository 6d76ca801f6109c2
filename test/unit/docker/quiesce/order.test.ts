import { inTurn, startOrder, stopOrder } from '../../../../docker/quiesce/order';
import { candidates, service, type Facts } from './candidate';

const alone = (name: string, ...shares: string[]): Facts => ({ name, shares });

/** Waves: everybody whose needs run is started at once. */
function waves(facts: readonly Facts[], chosenNames?: readonly string[]): string[] {
	const all = candidates(...facts);
	const chosen = all.filter(({ name }) => chosenNames?.includes(name) ?? true);
	const names = new Map(all.map(({ id, name }) => [id, name]));
	return startOrder(chosen, all).map(
		({ container: { name }, after }) => `${name}<${after.map((id) => names.get(id)).join(',')}`,
	);
}

test.each<[string, Facts[], string[]]>([
	['nobody', [], []],
	['one', [alone('a')], ['a<']],
	['of no project: the older first', [alone('a'), alone('b'), alone('c')], ['a<', 'b<a', 'c<b']],
	['of no project: what is shared before the older', [alone('a', 'b'), alone('b')], ['b<', 'a<b']],
	['services of a project that need nobody', [service('a'), service('b')], ['a<', 'b<']],
	[
		'a chain, made the other way round',
		[service('web', 'app'), service('app', 'db', 'cache'), service('cache'), service('db')],
		['cache<', 'db<', 'app<cache,db', 'web<app'],
	],
	['a circle is cut', [service('a', 'b'), service('b', 'c'), service('c', 'a')], ['c<', 'b<c', 'a<b']],
	['itself', [service('a', 'a')], ['a<']],
	['a service of another project', [service('a', 'b'), { ...service('b'), project: 'q' }], ['a<', 'b<']],
	[
		'replicas',
		[service('a', 'b'), service('b'), { ...service('b2'), service: 'b' }],
		['b<', 'b2<', 'a<b,b2'],
	],
])('%s', (_, facts, expected) => {
	expect(waves(facts)).toEqual(expected);
});

test('by way of one that goes on', () => {
	const facts = [service('web', 'app'), service('app', 'db'), service('db')];
	expect(waves(facts, ['web', 'db'])).toEqual(['db<', 'web<db']);
});

test('stopped the other way round; several at once, and each only after those that need it', async () => {
	const all = candidates(service('web', 'app'), service('side', 'db'), service('app', 'db'), service('db'));
	const log: string[] = [];
	const waiting = new Map<string, () => void>();
	const work = inTurn(stopOrder(startOrder(all, all)), async ({ name }) => {
		log.push(name);
		await new Promise<void>((resolve) => waiting.set(name, resolve));
	});
	const settle = () => new Promise((resolve) => setImmediate(resolve));
	const end = async (name: string) => {
		waiting.get(name)?.();
		await settle();
	};
	await settle();
	expect(log.toSorted()).toEqual(['side', 'web']);
	await end('web');
	expect(log.slice(2)).toEqual(['app']);
	await end('app');
	expect(log.slice(3)).toEqual([]);
	await end('side');
	expect(log.slice(3)).toEqual(['db']);
	await end('db');
	await work;
});

test('after a failure nobody who comes later is asked, and it is told once nothing is under way', async () => {
	const all = candidates(service('web', 'app'), service('side'), service('app'));
	const log: string[] = [];
	const failing = inTurn(stopOrder(startOrder(all, all)), async ({ name }) => {
		if (name === 'web') throw new Error('no');
		await new Promise((resolve) => setImmediate(resolve));
		log.push(name);
	});
	await expect(failing).rejects.toThrow('no');
	expect(log).toEqual(['side']);
});
