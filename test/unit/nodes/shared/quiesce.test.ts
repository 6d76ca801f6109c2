import { fieldsIn } from '../../../../nodes/shared/fields';
import { livesOnOf, quiesceOf } from '../../../../nodes/shared/quiesce';
import { noQuiesce } from '../../../../operations';

const request = (panel: object) => quiesceOf(fieldsIn(panel, 'panel'), []);
const command = { container: 'db', command: 'sync' };

test.each([
	[{}, noQuiesce],
	[
		{ quiesce: 'none', quiesceWhich: 'named', quiesceContainers: '' },
		{ mode: 'none', containers: [] },
	],
	[
		{ quiesce: 'stop', quiesceWhich: 'using' },
		{ mode: 'stop', which: 'using' },
	],
	[
		{ quiesce: 'pause', quiesceWhich: 'named', quiesceContainers: 'a, b' },
		{ mode: 'pause', which: 'named', containers: ['a', 'b'] },
	],
	[
		{ quiesce: 'stop', quiesceWhich: 'labelled', quiesceLabels: 'a=b' },
		{ which: 'labelled', labels: ['a=b'] },
	],
	[{ quiesceOptions: { except: 'a, b', guard: false } }, { except: ['a', 'b'], guard: false }],
	[
		{ quiesceOptions: { downtimeLimit: 5, wait: 0, healthLimit: 0 } },
		{ downtimeLimitMs: 300_000, waitMs: 0, healthLimitMs: 0 },
	],
	[
		{ quiesceOptions: { before: { command: [{ ...command, command: 'psql\n-c\nSELECT 1, 2' }] } } },
		{
			before: [
				{ container: 'db', command: ['psql', '-c', 'SELECT 1, 2'], limitMs: 300_000, onFailure: 'fail' },
			],
		},
	],
	[
		{
			quiesceOptions: {
				after: { command: [{ ...command, user: 'root', timeLimit: 5, onFailure: 'continue' }] },
			},
		},
		{ after: [{ container: 'db', command: ['sync'], user: 'root', limitMs: 5_000, onFailure: 'continue' }] },
	],
])('%j', (panel, expected) => {
	expect(request(panel)).toMatchObject(expected);
});

test.each([
	{ quiesce: 'kill' },
	{ quiesce: 'stop', quiesceWhich: 'named', quiesceContainers: ' ' },
	{ quiesce: 'stop', quiesceWhich: 'labelled', quiesceLabels: '' },
	{ quiesceOptions: { downtimeLimit: 0 } },
	{ quiesceOptions: { wait: -1 } },
	{ quiesceOptions: { before: { command: [{ ...command, container: '' }] } } },
	{ quiesceOptions: { before: { command: [{ ...command, command: '' }] } } },
	{ quiesceOptions: { after: { command: [{ ...command, timeLimit: 0 }] } } },
])('%j is refused', (panel) => {
	expect(() => request(panel)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }) as Error);
});

const socket = { type: 'socket', socketPath: '/var/run/docker.sock' } as const;

test.each([
	[socket, {}, []],
	[socket, { DB_POSTGRESDB_HOST: 'postgres', QUEUE_BULL_REDIS_HOST: 'redis' }, ['postgres', 'redis']],
	[socket, { QUEUE_BULL_REDIS_CLUSTER_NODES: 'r1:6379, r2:6379' }, ['r1', 'r2']],
	[{ type: 'tcp', host: 'socket-proxy', port: 2375 } as const, {}, ['socket-proxy']],
])('what n8n lives on: %j %j', (endpoint, environment, expected) => {
	expect(livesOnOf(endpoint, environment)).toEqual(expected);
});
