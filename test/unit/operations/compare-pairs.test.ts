import { livePairs, type LiveSources } from '../../../operations/compare-pairs';
import type { BackupRecord } from '../../../protocol/record';
import { exampleRecord } from '../nodes/example-record';

const holding = (...names: string[]): BackupRecord => ({
	...exampleRecord,
	sources: names.map((name) => ({ type: 'volume', name })),
});
const one = holding('data');
const two = holding('data', 'logs');
const live = (volumes: string[], directories: string[] = []): LiveSources => ({ volumes, directories });

test.each<[BackupRecord, LiveSources, string[]]>([
	[one, live([]), ['data volume data']],
	[two, live([]), ['data volume data', 'logs volume logs']],
	[one, live(['restored']), ['data volume restored']],
	[two, live(['logs']), ['logs volume logs']],
	[two, live(['logs=data']), ['logs volume data']],
	[two, live(['data=data-r', 'logs=logs-r']), ['data volume data-r', 'logs volume logs-r']],
	[one, live([], ['/srv/app']), ['data directory /srv/app']],
	[holding('srv-app', 'logs'), live([], ['/srv/app']), ['srv-app directory /srv/app']],
	[two, live([], ['data=/srv/a=b']), ['data directory /srv/a=b']],
	[one, live([], ['/srv/a=b']), ['data directory /srv/a=b']],
	[two, live(['data'], ['logs=/srv/l']), ['data volume data', 'logs directory /srv/l']],
])('%#', (record, sources, expected) => {
	const pairs = livePairs(record, sources).map(({ source, type, from }) => `${source} ${type} ${from}`);
	expect(pairs).toEqual(expected);
});

test.each<[string, BackupRecord, LiveSources]>([
	['no volume "other"', two, live(['other'])],
	['no volume "other"', two, live(['other=data'])],
	['no volume "other"', one, live(['other=data'])],
	['"data" of the archive would be compared twice', one, live(['a', 'b'])],
	['"data" of the archive would be compared twice', two, live(['data', 'data=x'])],
	['which is no volume', { ...one, sources: [{ type: 'directory', name: 'srv-app' }] }, live([])],
])('%s', (message, record, sources) => {
	expect(() => livePairs(record, sources)).toThrow(
		expect.objectContaining({
			code: 'invalid_parameter',
			message: expect.stringContaining(message) as string,
		}) as Error,
	);
});

test('an archive of another kind', () => {
	expect(() => livePairs({ ...one, kind: 'postgres' }, live(['data']))).toThrow(
		expect.objectContaining({
			code: 'archive_kind_mismatch',
			message: expect.stringContaining('a postgres archive') as string,
			hint: expect.stringMatching(/\w/) as string,
		}) as Error,
	);
});
