import { containersTable, imagesTable, volumesTable } from '../../../../cli/output/resources';

const volume = {
	name: 'shop_db',
	driver: 'local',
	mountpoint: '/m',
	labels: {},
	createdAt: null,
	scope: 'local',
	options: {},
	anonymous: false,
	project: 'shop',
	sizeBytes: null,
	inUse: true,
	usedBy: [
		{ container: 'shop-db-1', state: 'running', readOnly: false },
		{ container: 'shop-db-1', state: 'running', readOnly: true },
	],
};
const lastProtected = { id: 'nightly-20260131T030000Z-1f2e', job: 'nightly', at: '2026-01-31T03:00:00.000Z' };

test('volumes show what was asked for', () => {
	expect(volumesTable([volume])).toBe(
		'name     driver  project  used by\nshop_db  local   shop     shop-db-1\n',
	);
	const rows = [
		{ ...volume, sizeBytes: 4096, lastProtected },
		{ ...volume, name: 'x\u001b[2J', project: null, usedBy: [], lastProtected: null },
	];
	expect(volumesTable(rows).split('\n')).toEqual([
		'name      driver     size  project  used by    last backup',
		'shop_db   local   4.10 kB  shop     shop-db-1  2026-01-31 03:00:00Z by nightly',
		'x\\x1b[2J  local         -  -        -          never',
		'',
	]);
});

test('nothing is said in words', () => {
	expect(volumesTable([], 'every volume is protected')).toBe('every volume is protected\n');
	expect(containersTable([])).toBe('no containers\n');
	expect(imagesTable([])).toBe('no images\n');
});
