import { maskedOption } from '../../../operations/masked-options';
import { explained, planVolume, type Restoring } from '../../../operations/recreate-volumes';
import { BackupError } from '../../../protocol/errors';
import type { VolumeDefinition } from '../../../protocol/record';
import { sampleRecord } from '../../fakes/record';

const nfs: VolumeDefinition = {
	driver: 'local',
	options: { type: 'nfs', o: 'addr=10.0.0.1', device: ':/srv' },
	labels: { 'com.docker.compose.project': 'shop' },
};
const recordOf = (volume?: VolumeDefinition) =>
	sampleRecord({ sources: [{ type: 'volume', name: 'data', ...(volume && { volume }) }] });
const plan = (changes: Partial<Restoring> = {}) =>
	planVolume({
		record: recordOf(nfs),
		trust: 'signed',
		source: 'data',
		volume: 'data',
		recreate: 'original',
		...changes,
	});
const ours = {
	'n8n-nodes-docker-backup.restored-from': sampleRecord().id,
	'n8n-nodes-docker-backup.source': 'data',
};

test('under its own name a volume gets driver, options and labels back', () => {
	expect(plan()).toEqual({
		made: { name: 'data', driver: 'local', options: nfs.options, labels: { ...nfs.labels, ...ours } },
		recreated: true,
		warnings: [],
	});
});

test.each<[string, Partial<Restoring>]>([
	['under another name', { volume: 'other' }],
	['when that is not wanted', { recreate: 'never' }],
	['from a record that says nothing', { record: recordOf(), recreate: 'always' }],
])('%s it is a plain local one', (_when, changes) => {
	expect(plan(changes)).toEqual({
		made: { name: changes.volume ?? 'data', labels: ours },
		recreated: false,
		warnings: [],
	});
});

test('on request another name gets them too', () => {
	expect(plan({ volume: 'other', recreate: 'always' })).toMatchObject({
		made: { name: 'other', options: nfs.options },
		recreated: true,
	});
});

test('labels alone make no special volume', () => {
	const labelled = { driver: 'local', options: {}, labels: { a: 'b' } };
	expect(plan({ record: recordOf(labelled), trust: 'unchecked' })).toEqual({
		made: { name: 'data', labels: { a: 'b', ...ours } },
		recreated: false,
		warnings: [],
	});
});

test.each(['unchecked', 'unsigned'] as const)(
	'an %s record leads to no place of the host unasked',
	(trust) => {
		expect(plan({ trust })).toEqual({
			made: { name: 'data', labels: { ...nfs.labels, ...ours } },
			recreated: false,
			warnings: [expect.stringContaining('no signature vouches')],
		});
		expect(plan({ trust, recreate: 'always' })).toMatchObject({ recreated: true, warnings: [] });
	},
);

test('what lacks its secret is not made', () => {
	const record = { ...recordOf(nfs), warnings: [maskedOption('data', 'o=password')] };
	expect(() => plan({ record })).toThrow(
		expect.objectContaining({ code: 'invalid_parameter', hint: expect.stringContaining('never recreate') }),
	);
	expect(plan({ record, volume: 'other' }).recreated).toBe(false);
	expect(plan({ record: { ...record, warnings: [maskedOption('dat', 'o=password')] } }).recreated).toBe(true);
});

test('a volume in memory is made, and said to be empty', () => {
	const tmpfs = { driver: 'local', options: { type: 'tmpfs', device: 'tmpfs' }, labels: {} };
	expect(plan({ record: recordOf(tmpfs) })).toMatchObject({
		recreated: true,
		warnings: [expect.stringMatching(/in memory .* but empty/)],
	});
});

test.each([
	['target_not_empty', /data that is there/, /replace that data/],
	['docker_failed', /^mount failed$/, /type=nfs.*must be there.*the daemon's hint/],
] as const)('%s is explained by the options', (code, message, hint) => {
	const error = new BackupError(code, code === 'docker_failed' ? 'mount failed' : 'not empty', {
		hint: "the daemon's hint",
	});
	expect(explained(error, [plan({ recreate: 'never' }), plan()])).toMatchObject({
		code,
		message: expect.stringMatching(message),
		hint: expect.stringMatching(hint),
	});
	expect(explained(error, [plan({ recreate: 'never' })])).toBe(error);
});
