import { chooseContainers, type Choice, type Used } from '../../../../docker/quiesce/choose';
import { candidates, type Facts } from './candidate';

const volume = (name: string, readOnly = false) => ({
	volume: name,
	from: `/var/lib/docker/volumes/${name}/_data`,
	readOnly,
});
const bind = (from: string, readOnly = false) => ({ volume: null, from, readOnly });

const facts: Facts[] = [
	{ name: 'writer', mounts: [volume('data')], labels: { tier: 'db', on: '' } },
	{ name: 'reader', mounts: [volume('data', true)] },
	{ name: 'stopped', mounts: [volume('data')], active: false },
	{ name: 'other', mounts: [volume('database'), bind('/srv/apple')], labels: { tier: 'web' } },
	{ name: 'root', mounts: [bind('/')] },
	{ name: 'volumes', mounts: [bind('/var/lib/docker/volumes/data/_data/below')] },
	{ name: 'above', mounts: [bind('/srv')] },
	{ name: 'same', mounts: [bind('/srv/app/')] },
	{ name: 'below', mounts: [bind('/srv/app/x')] },
	{ name: 'bound', mounts: [bind('/mnt/disk')] },
	{ name: 'none', mounts: [{ volume: null, from: '', readOnly: false }] },
];
const ofVolume: Used = {
	volumes: [{ name: 'data', places: ['/var/lib/docker/volumes/data/_data', '/mnt/disk'] }],
	directories: [],
	containers: [],
};
const ofDirectory: Used = { volumes: [], directories: ['/srv/app'], containers: [] };
const using: Choice = { which: 'using', containers: [], labels: [], except: [] };

test.each<[string, Used, Partial<Choice>, string[], string[]]>([
	['users of a volume', ofVolume, {}, ['writer', 'stopped', 'volumes', 'bound'], []],
	['of a directory', ofDirectory, {}, ['root', 'above', 'same', 'below'], []],
	[
		'and whoever counts as one',
		{ ...ofDirectory, containers: ['none'] },
		{},
		['root', 'above', 'same', 'below', 'none'],
		[],
	],
	['but for', ofVolume, { except: ['writer'] }, ['stopped', 'volumes', 'bound'], ['writer']],
	[
		'by name',
		ofVolume,
		{ which: 'named', containers: ['other'] },
		['other'],
		['writer', 'stopped', 'volumes', 'bound'],
	],
	[
		'by the beginning of its id',
		ofDirectory,
		{ which: 'named', containers: [Buffer.from('other').toString('hex')] },
		['other'],
		['root', 'above', 'same', 'below'],
	],
	[
		'by label',
		ofVolume,
		{ which: 'labelled', labels: ['tier=db', 'on'] },
		['writer'],
		['stopped', 'volumes', 'bound'],
	],
	['by no label', ofVolume, { which: 'labelled', labels: [] }, [], ['writer', 'stopped', 'volumes', 'bound']],
	[
		'by the value of none',
		ofDirectory,
		{ which: 'labelled', labels: ['tier=x'] },
		[],
		['root', 'above', 'same', 'below'],
	],
])('%s', (_, used, choice, chosen, others) => {
	const found = chooseContainers(candidates(...facts), used, { ...using, ...choice });
	expect(found.chosen.map(({ name }) => name)).toEqual(chosen);
	expect(found.others.map(({ name }) => name)).toEqual(others);
});

test.each([{ except: ['nobody'] }, { which: 'named', containers: ['nobody'] } as const])('%j', (choice) => {
	expect(() => chooseContainers(candidates(...facts), ofVolume, { ...using, ...choice })).toThrow(
		expect.objectContaining({ code: 'container_not_found' }) as Error,
	);
});
