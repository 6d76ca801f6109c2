import { scratchOf } from '../../../operations/executor';
import { s3Location } from '../../../operations/s3-location';
import { defaultRunner, type Where } from '../../../operations/settings';
import type { Verb } from '../../../protocol/job';
import type { Kind } from '../../../protocol/record';

const runner: Where = {
	type: 'runner',
	host: { endpoint: { type: 'socket', socketPath: '/s' }, runner: defaultRunner },
};
const inProcess: Where = { type: 'process' };
const s3 = s3Location({ bucket: 'backups', accessKeyId: 'id', secretAccessKey: 'secret' });
const directory = { type: 'directory', path: '/d' } as const;
const volume = { type: 'volume', name: 'v' } as const;

test.each<[Verb, Where, typeof s3 | typeof directory | typeof volume, string | null]>([
	['backup', runner, s3, '/scratch'],
	['copy', runner, s3, '/scratch'],
	['backup', runner, directory, null],
	['backup', runner, volume, null],
	['copy', runner, volume, null],
	['verify', runner, s3, null],
	['restore', runner, s3, null],
	['list', runner, s3, null],
	['copy', inProcess, s3, null],
])('%s in %j to %j: scratch %s', (verb, where, to, expected) => {
	expect(scratchOf(where, { verb }, to)).toBe(expected);
});

test('snapshots of databases need a scratch volume wherever they go', () => {
	const archives = (...kinds: Kind[]) =>
		({ verb: 'backup', archives: kinds.map((kind) => ({ kind })) }) as const;
	expect(scratchOf(runner, archives('sqlite', 'sqlite'), volume)).toBe('/scratch');
	expect(scratchOf(runner, archives('volume'), volume)).toBeNull();
});
