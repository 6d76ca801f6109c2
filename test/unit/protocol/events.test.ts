import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { BackupError } from '../../../protocol/errors';
import { decodeEvent, encodeEvent, type EngineEvent, type StaleRun } from '../../../protocol/events';
import { parseRecord } from '../../../protocol/record';

const record = parseRecord(JSON.parse(readFileSync(join(__dirname, '../../vectors/record-v1.json'), 'utf8')));
const run: StaleRun = {
	id: record.id,
	runId: 'aa',
	job: 'nightly',
	series: 'volumes',
	seq: 3,
	kind: 'volume',
	archiveId: record.archiveId,
	startedAt: record.startedAt,
	host: 'docker1',
};
const failure = { code: 'key_wrong', message: 'no', hint: null } as const;

const fact = {
	job: 'nightly',
	id: 'x',
	name: 'deleted',
	ulid: '01KAJ0Z9M0ABCDEFGHJKMNPQRS',
	text: 'unchecked',
} as const;

const events: EngineEvent[] = [
	{ event: 'repository', document: null, empty: true },
	{ event: 'repository', document: 'text', empty: false },
	{ event: 'ready', seq: 7, staleRuns: [run] },
	{
		event: 'records',
		records: [{ id: 'x', job: 'nightly', facts: [fact], text: 'not even json' }],
		running: [run],
		deletions: [fact],
	},
	{ event: 'phase', name: 'reading', id: null },
	{ event: 'progress', id: 'x', bytesRead: 1, bytesTotal: 4, bytesWritten: 2, entries: 3 },
	{ event: 'warning', code: 'file_changed', message: 'm', path: null },
	{ event: 'about-to-read', id: 'a-1' },
	{ event: 'source-read', id: 'a-1' },
	{ event: 'heartbeat' },
	{ event: 'sealed', record },
	{ event: 'failed', record },
	{ event: 'stored', id: 'x' },
	{ event: 'copied', id: 'x', outcome: 'failed', bytes: 0, durationMs: 3, error: failure },
	{ event: 'deleted', id: 'x', error: null },
	{ event: 'noted', id: 'x', ulid: fact.ulid },
	{ event: 'link', url: 'https://host/x', expiresAt: '2026-01-31T03:00:00.000Z' },
	{
		event: 'finding',
		type: 'missing_object',
		key: 'jobs/a/b',
		job: 'a',
		id: null,
		size: null,
		message: 'm',
		adoptable: false,
	},
	{ event: 'unlisted', key: 'jobs/a/b', size: 9, header: null },
	{
		event: 'verified',
		id: 'x',
		ok: false,
		level: 'deep',
		checksum: null,
		error: failure,
		bytesRead: 1,
		entries: null,
		durationMs: 5,
	},
	{
		event: 'plan',
		targets: [
			{ source: 'a', freeBytes: 1, entriesNow: 0, usedBytes: null },
			{ source: 'b', freeBytes: 1, entriesNow: 2, usedBytes: 4096 },
		],
		entries: 2,
		bytes: 3,
		devices: null,
		privileged: 4,
		keepsPrivileges: true,
		fits: false,
	},
	{ event: 'lost', path: 'volumes/a/b', reason: 'damaged' },
	{ event: 'extracted', devices: 1, privileged: 2, lost: 3 },
	{
		event: 'entries',
		entries: [
			{
				volume: 'a',
				path: 'b',
				pathBase64: null,
				type: 'symlink',
				size: 0,
				mode: 0o777,
				uid: 1,
				gid: 2,
				mtimeNs: '-5',
				linkTarget: 'c',
				sha256: null,
			},
		],
	},
	{
		event: 'differences',
		differences: [
			{ kind: 'changed', volume: 'a', path: 'b', pathBase64: null, what: ['mode', 'mtime'] },
			{ kind: 'added', volume: 'a', path: '\ufffd', pathBase64: '/w==', what: [] },
		],
	},
	{ event: 'compared', same: 1, added: 2, removed: 3, changed: 4, contentSame: false },
	{ event: 'done', entries: 1, bytes: 2 },
	{ event: 'failure', ...failure },
];

test.each(events.map((event) => [event.event, event] as const))('%s survives its line', (_name, event) => {
	const line = encodeEvent(event);
	expect(line.endsWith('}\n')).toBe(true);
	expect(line.indexOf('\n')).toBe(line.length - 1);
	expect(decodeEvent(line.trimEnd())).toEqual(event);
});

test.each(['', 'node: warning', '{"a":1}', 'tar: x'])('%p is a line of the log, not an event', (line) => {
	expect(decodeEvent(line)).toBeUndefined();
});

test.each([
	'{"v":2,"event":"heartbeat"}',
	'{"v":1}',
	'{"v":1,"event":"nonsense"}',
	'{"v":1,',
	'{"v":1,"event":"ready","seq":-1,"staleRuns":[]}',
])('%s is refused', (line) => {
	expect(() => decodeEvent(line)).toThrow(expect.objectContaining({ code: 'protocol_violation' }));
});

test('an unknown failure code is still a failure', () => {
	expect(decodeEvent('{"v":1,"event":"failure","code":"toString","message":"m"}')).toEqual({
		event: 'failure',
		code: 'unexpected',
		message: 'm',
		hint: null,
	});
});

test('whatever a runner says, only a BackupError escapes', () => {
	fc.assert(
		fc.property(
			fc.constantFrom(...events.map((event) => event.event), 'x'),
			fc.dictionary(fc.string(), fc.jsonValue()),
			(event, rest) => {
				try {
					decodeEvent(JSON.stringify({ v: 1, ...rest, event }));
				} catch (error) {
					expect(error).toBeInstanceOf(BackupError);
				}
			},
		),
	);
});
