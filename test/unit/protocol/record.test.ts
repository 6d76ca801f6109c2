import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseRecord } from '../../../protocol/record';

/** The frozen shape of version 1: this file changes only together with the version. */
const golden = readFileSync(join(__dirname, '../../vectors/record-v1.json'), 'utf8');
const record = JSON.parse(golden) as Record<string, unknown>;
const without = (...names: string[]) =>
	Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));

test('the golden record parses to itself, field for field and in its order', () => {
	expect(`${JSON.stringify(parseRecord(record), null, '\t')}\n`).toBe(golden);
});

test('a volume that is more than its name keeps how it was made', () => {
	const volume = { driver: 'local', options: { type: 'nfs', o: 'addr=10.0.0.1' }, labels: { a: '' } };
	const sources = [
		{ type: 'volume', name: 'shared', volume },
		{ type: 'volume', name: 'plain' },
	];
	expect(JSON.stringify(parseRecord({ ...record, sources }).sources)).toBe(JSON.stringify(sources));
});

test.each([
	['no driver', { options: {}, labels: {} }],
	['options that are no table', { driver: 'local', options: [], labels: {} }],
	['an option that is no text', { driver: 'local', options: { o: 1 }, labels: {} }],
	['no labels', { driver: 'local', options: {} }],
])('a volume with %s is malformed', (_what, volume) => {
	expect(() => parseRecord({ ...record, sources: [{ type: 'volume', name: 'v', volume }] })).toThrow(
		expect.objectContaining({ code: 'record_malformed' }),
	);
});

test('fields that a later version adds are left out, not refused', () => {
	expect(parseRecord({ ...record, later: 1 })).toEqual(record);
});

test.each(
	Object.keys(record).filter(
		(name) =>
			![
				'checksum',
				'contentChecksum',
				'entries',
				'filePath',
				'keyId',
				'kdf',
				'anomaly',
				'workflow',
				'error',
			].includes(name),
	),
)('a record without %s is malformed', (name) => {
	expect(() => parseRecord(without(name))).toThrow(expect.objectContaining({ code: 'record_malformed' }));
});

test.each([
	['another version', { version: 2 }],
	['a negative size', { sizeBytes: -1 }],
	['a fraction of a byte', { sizeBytes: 1.5 }],
	['a size past 2^53', { contentBytes: 2 ** 53 }],
	['a size that is not the archive’s', { sizeBytes: 1 }],
	['a checksum that is not the archive’s', { checksum: '0'.repeat(64) }],
	['a short checksum', { checksum: 'ab' }],
	['a success without files', { files: [] }],
	['an unknown kind', { kind: 'floppy' }],
	['an unknown status', { status: 'running' }],
	['a local time', { startedAt: '2026-01-31T03:00:00+01:00' }],
	['a key id without encryption', { encrypted: false }],
	['encryption without a key id', { keyId: null }],
	['a failure without an error', { status: 'failed', error: null }],
	['sources that are no list', { sources: {} }],
])('%s is malformed', (_what, change) => {
	expect(() => parseRecord({ ...record, ...change })).toThrow(
		expect.objectContaining({ code: 'record_malformed' }),
	);
});

test.each([null, undefined, 7, 'x', [], [record]])('%p is no record', (value) => {
	expect(() => parseRecord(value)).toThrow(expect.objectContaining({ code: 'record_malformed' }));
});
