import type { ListedContainer } from '../../../docker/running-containers';
import { chooseVolumes, type ChoosingFor, type VolumeChoice } from '../../../operations/select-volumes';
import type { InventoriedVolume } from '../../../operations/volume-inventory';

type Labels = Record<string, string>;

const container = (name: string, labels: Labels): ListedContainer => ({
	id: name,
	name,
	image: 'app',
	imageId: 'sha256:0',
	state: 'running',
	health: null,
	createdAt: '2026-01-31T03:00:00.000Z',
	labels,
	networks: [],
	ports: [],
	mounts: [],
});
const volume = (name: string, labels: Labels = {}, users: ListedContainer[] = []): InventoriedVolume => ({
	name,
	driver: 'local',
	mountpoint: `/var/lib/docker/volumes/${name}/_data`,
	labels,
	createdAt: null,
	scope: 'local',
	options: {},
	usedBy: [],
	users,
});
const project = (name: string) => ({ 'com.docker.compose.project': name });
const enabled = { 'docker-backup.enable': 'true' };
const anonymous = 'ab'.repeat(32);
const toNightly: ChoosingFor = { job: 'nightly', repository: { type: 'volume', name: 'backups' } };
const choose = (
	choice: Exclude<VolumeChoice, { by: 'name' }>,
	volumes: InventoriedVolume[],
	purpose: ChoosingFor = toNightly,
) => chooseVolumes(choice, { volumes, containers: volumes.flatMap(({ users }) => users) }, purpose);
const byLabel = { by: 'label', labels: ['docker-backup.enable=true'] } as const;

test('a label on a volume chooses it, one on a container all of its named volumes', () => {
	const app = container('app', enabled);
	const volumes = [
		volume('a', enabled),
		volume('b', {}, [app]),
		volume(anonymous, {}, [app]),
		volume('c', {}, [container('other', {})]),
		volume('d', { 'docker-backup.enable': 'yes' }),
	];
	expect(choose(byLabel, volumes)).toEqual(['a', 'b']);
	expect(choose({ by: 'label', labels: ['docker-backup.enable'] }, volumes)).toEqual(['a', 'b', 'd']);
});

test('all labels of a choice must be on one thing', () => {
	const both = { by: 'label', labels: ['docker-backup.enable=true', 'tier'] } as const;
	const volumes = [
		volume('a', { ...enabled, tier: '1' }),
		volume('b', enabled, [container('x', { tier: '' })]),
	];
	expect(choose(both, volumes)).toEqual(['a']);
});

test('what names another job is not chosen, unless that label itself is asked for', () => {
	const nightly = { ...enabled, 'docker-backup.job': 'nightly' };
	const weekly = { ...enabled, 'docker-backup.job': 'weekly' };
	const volumes = [
		volume('a', nightly),
		volume('b', weekly),
		volume('c', {}, [container('w', weekly)]),
		volume('d', {}, [container('n', nightly)]),
		volume('e', { 'docker-backup.job': 'weekly' }, [container('y', nightly)]),
		volume('f', { ...enabled, 'docker-backup.job': 'weekly, nightly' }),
	];
	expect(choose(byLabel, volumes)).toEqual(['a', 'd', 'f']);
	expect(choose({ by: 'label', labels: ['docker-backup.job=weekly'] }, volumes)).toEqual(['b', 'c', 'e']);
});

test('a project has the volumes with its label and those that its containers use', () => {
	const volumes = [
		volume('shop_db', project('shop')),
		volume('shared', {}, [
			container('shop-web-1', project('shop')),
			container('blog-web-1', project('blog')),
		]),
		volume('blog_db', project('blog')),
		volume(anonymous, project('shop')),
	];
	expect(choose({ by: 'project', projects: ['shop'] }, volumes)).toEqual(['shop_db', 'shared']);
	expect(choose({ by: 'project', projects: ['shop', 'blog'] }, volumes)).toEqual([
		'shop_db',
		'shared',
		'blog_db',
	]);
});

test('all means the named ones but for those that say no', () => {
	const volumes = [volume('a'), volume(anonymous), volume('b', { 'docker-backup.enable': 'false' })];
	expect(choose({ by: 'all' }, volumes)).toEqual(['a']);
});

test('exceptions are names with wildcards', () => {
	const volumes = ['cache', 'app_cache', 'app_data', 'app.x'].map((name) => volume(name));
	expect(choose({ by: 'all', except: ['*cache', 'app?x'] }, volumes)).toEqual(['app_data']);
	expect(choose({ by: 'all', except: ['app'] }, volumes)).toHaveLength(4);
});

test('what holds the repository is left out without a word', () => {
	const volumes = [volume('backups', enabled), volume('a', enabled)];
	expect(choose(byLabel, volumes)).toEqual(['a']);
	const below = { type: 'directory', path: '/var/lib/docker/volumes/a/_data/repository' } as const;
	expect(choose({ by: 'all' }, volumes, { job: 'nightly', repository: below })).toEqual(['backups']);
	const bound = { ...volume('c'), options: { type: 'none', o: 'bind', device: '/srv' } };
	const within = { type: 'directory', path: '/srv/backups' } as const;
	expect(choose({ by: 'all' }, [bound, ...volumes], { job: 'nightly', repository: within })).toEqual([
		'backups',
		'a',
	]);
	const nowhere = { ...volume('d'), mountpoint: '' };
	expect(choose({ by: 'all' }, [nowhere], { job: 'nightly', repository: within })).toEqual(['d']);
});

test.each([
	[byLabel, /no volume has the label "docker-backup.enable=true"/, /docker-backup\.job/],
	[{ by: 'project', projects: ['shop'] }, /Compose project "shop" has no named volume/, /blog/],
	[{ by: 'all', except: ['*'] }, /left out again/, /narrower: \*/],
] as const)('%j that finds nothing says so', (choice, message, hint) => {
	const volumes = [volume('blog_db', project('blog'))];
	expect(() => choose(choice, volumes)).toThrow(
		expect.objectContaining({
			code: 'volume_not_found',
			message: expect.stringMatching(message),
			hint: expect.stringMatching(hint),
		}),
	);
});

test.each([
	[{ by: 'label', labels: [] }, 'no label'],
	[{ by: 'project', projects: [] }, 'no project'],
] as const)('%j names nothing to look for', (choice, message) => {
	expect(() => choose(choice, [volume('a')])).toThrow(
		expect.objectContaining({ code: 'invalid_parameter', message: expect.stringContaining(message) }),
	);
});
