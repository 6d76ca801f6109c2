/** Waking one container, as table tests on canned answers; the text runs alone, as in the guard. */
import { runInNewContext } from 'node:vm';
import { wake, type Ask } from '../../../../docker/quiesce/wake';

const alone = runInNewContext(`(${String(wake)})`) as typeof wake;
const held = {
	id: 'f'.repeat(64),
	name: 'web',
	mode: 'stop' as const,
	project: null,
	service: null,
	number: null,
};
const hold = { id: 'h1', held };
const created = '2026-01-31T03:00:00.5Z';

const container = (id: string, state: object, config: object = {}) => ({
	Id: id,
	State: { Running: false, Paused: false, StartedAt: '2026-01-01T00:00:00Z', ...state },
	Config: { Labels: {}, ...config },
});

async function waking(seen: Record<string, object>, changes: { idleMs?: number; held?: object } = {}) {
	const asked: string[] = [];
	const ask: Ask = async (method, path) => {
		if (method !== 'GET') asked.push(`${method} ${path}`);
		const body = seen[path.replace(/^\/containers\/|\/json$/g, '')];
		return body === undefined ? { status: 404, body: null } : { status: 200, body };
	};
	const plan = { roleLabel: 'role', holdPrefix: 'hold-', idleMs: changes.idleMs ?? 0 };
	const done = await alone(ask, { ...hold, held: { ...held, ...changes.held } }, plan);
	return { done, asked };
}

const h1 = { Created: created };
const id = held.id;

test.each([
	['released: none of our business', { [id]: container(id, {}) }, {}, true, []],
	['gone', { h1 }, {}, true, []],
	['stopped', { h1, [id]: container(id, {}) }, {}, true, [`POST /containers/${id}/start`]],
	[
		'runs since later than the hold',
		{ h1, [id]: container(id, { Running: true, StartedAt: '2026-01-31T03:00:01Z' }) },
		{},
		true,
		[],
	],
	['may be about to stop', { h1, [id]: container(id, { Running: true }) }, { idleMs: 15_000 }, false, []],
	['would have stopped', { h1, [id]: container(id, { Running: true }) }, { idleMs: 15_001 }, true, []],
	[
		'may take longer',
		{ h1, [id]: container(id, { Running: true }, { StopTimeout: 60 }) },
		{ idleMs: 65_000 },
		false,
		[],
	],
	[
		'may take as long as it likes',
		{ h1, [id]: container(id, { Running: true }, { StopTimeout: -1 }) },
		{ idleMs: 605_001 },
		true,
		[],
	],
	[
		'paused',
		{ h1, [id]: container(id, { Running: true, Paused: true }) },
		{ held: { mode: 'pause' } },
		true,
		[`POST /containers/${id}/unpause`],
	],
	[
		'paused by somebody else',
		{ h1, [id]: container(id, { Running: true, Paused: true }) },
		{ idleMs: 60_000 },
		true,
		[],
	],
	[
		'paused once, dead now',
		{ h1, [id]: container(id, {}) },
		{ held: { mode: 'pause' } },
		true,
		[`POST /containers/${id}/start`],
	],
	['made anew', { h1, web: container('new', {}) }, {}, true, ['POST /containers/new/start']],
	['its name is one of ours', { h1, web: container('new', {}, { Labels: { role: 'hold' } }) }, {}, true, []],
	['made anew and held by another', { h1, web: container('new', {}), 'hold-new': {} }, {}, true, []],
] as const)('%s', async (_what, seen, changes, done, asked) => {
	expect(await waking(seen, changes)).toEqual({ done, asked });
});
