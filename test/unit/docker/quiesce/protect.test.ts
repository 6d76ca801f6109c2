import { protectedContainers } from '../../../../docker/quiesce/protect';
import { candidates, service, type Facts } from './candidate';

const n8n: Facts[] = [
	service('n8n', 'postgres', 'redis'),
	{ ...service('postgres', 'storage'), networks: ['net'] },
	service('redis'),
	service('storage'),
	service('app', 'n8n'),
	{
		name: 'elsewhere',
		service: 'postgres',
		project: 'q',
		networks: ['other'],
		hostNames: ['postgres', '10.0.0.9'],
	},
	{ name: 'proxy', networks: ['net'], hostNames: ['docker-proxy', '172.18.0.5'] },
	{ name: 'vpn' },
	{ name: 'behind', shares: ['vpn'] },
];
const all = candidates(...n8n);
const idOf = (name: string) => all.find((container) => container.name === name)!.id;
const needed = ['n8n', 'postgres', 'redis', 'storage'];

test.each<[string, string | null, string[], string[]]>([
	['nothing is known', null, [], []],
	['itself and what it needs, and what these need', idOf('n8n'), [], needed],
	['by the beginning of its id', idOf('n8n').slice(0, 12), [], needed],
	['whose network it uses', idOf('behind'), [], ['vpn', 'behind']],
	['in no container: whoever is called so', null, ['postgres'], ['postgres', 'storage', 'elsewhere']],
	['in its networks', idOf('n8n'), ['postgres'], needed],
	['an alias', idOf('n8n'), ['docker-proxy'], [...needed, 'proxy']],
	['an address', idOf('n8n'), ['172.18.0.5'], [...needed, 'proxy']],
	['an address of other networks', idOf('n8n'), ['10.0.0.9'], needed],
	['a name, wherever', idOf('n8n'), ['elsewhere'], [...needed, 'elsewhere']],
	['an id', idOf('n8n'), [idOf('elsewhere').slice(0, 12)], [...needed, 'elsewhere']],
	['a container of another host', 'f'.repeat(64), ['postgres'], []],
	['the host itself', null, ['localhost', '127.0.0.1', '::1', ''], []],
])('%s', (_, own, on, expected) => {
	const names = [...protectedContainers(all, { own, on }).keys()].map(
		(id) => all.find((container) => container.id === id)?.name,
	);
	expect(names.toSorted()).toEqual(expected.toSorted());
});
