import { posix } from 'node:path';
import fc from 'fast-check';
import {
	archiveKeyOf,
	compareNewestFirst,
	indexKeyOf,
	jobPrefixOf,
	lockPrefixOf,
	markerKeyOf,
	parseObjectKey,
	possibleJobsOf,
	recordKeyOf,
	suffixOf,
} from '../../../../engine/repository/layout';
import { isSegment, segmentsOf, segmentsOfPrefix } from '../../../../engine/repository/object-keys';
import { BackupError } from '../../../../protocol/errors';
import { archiveIdOf } from '../../../../protocol/names';
import { kinds } from '../../../../protocol/record';

const id = 'nightly-20260131T030000Z-1f2e';

const jobs = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/).filter((job) => !job.includes('..'));
const times = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) });
const unique = fc.uint8Array({ minLength: 1, maxLength: 1 }).map((bytes) => Buffer.from(bytes));
const parts = fc.option(fc.string({ unit: 'binary', maxLength: 60 }), { nil: undefined });
const ids = fc
	.record({ job: jobs, part: parts, at: times, bytes: unique })
	.map(({ job, part, at, bytes }) => ({
		job,
		id: archiveIdOf(job, part, at, bytes),
	}));

describe('suffixes', () => {
	test.each([
		['volume', 'zstd', true, '.tar.zst.enc'],
		['volume', 'none', false, '.tar'],
		['postgres', 'none', true, '.dump.enc'],
		['postgres', 'zstd', false, '.dump.zst'],
		['sqlite', 'zstd', false, '.sqlite.zst'],
		['container', 'zstd', true, '.tar.zst.enc'],
		['image', 'none', false, '.tar'],
	] as const)('%s, %s, encrypted %s: %s', (kind, compression, encrypted, expected) => {
		expect(suffixOf(kind, compression, encrypted)).toBe(expected);
	});
});

describe('keys', () => {
	it('are where the design says', () => {
		expect(archiveKeyOf('nightly', id, '.tar.zst.enc')).toBe(`jobs/nightly/${id}.tar.zst.enc`);
		expect(indexKeyOf('nightly', id, true)).toBe(`jobs/nightly/${id}.index.zst.enc`);
		expect(indexKeyOf('nightly', id, false)).toBe(`jobs/nightly/${id}.index.zst`);
		expect(recordKeyOf('nightly', id)).toBe(`jobs/nightly/${id}.json`);
		expect(markerKeyOf('nightly', id)).toBe(`jobs/nightly/${id}.run.json`);
		expect(jobPrefixOf('nightly')).toBe('jobs/nightly/');
		expect(lockPrefixOf('nightly')).toBe('locks/nightly/');
	});

	it('are valid, tell their archive and are all different, for any job, part and time', () => {
		fc.assert(
			fc.property(ids, fc.constantFrom(...kinds), fc.boolean(), ({ job, id: made }, kind, encrypted) => {
				const suffix = suffixOf(kind, 'zstd', encrypted);
				const keys = [
					archiveKeyOf(job, made, suffix),
					indexKeyOf(job, made, encrypted),
					recordKeyOf(job, made),
					markerKeyOf(job, made),
				];
				const suffixes = [suffix, encrypted ? '.index.zst.enc' : '.index.zst', '.json', '.run.json'];
				expect(new Set(keys).size).toBe(keys.length);
				keys.forEach((key, n) => {
					expect(segmentsOf(key)).toHaveLength(3);
					expect(parseObjectKey(key)).toEqual({ job, id: made, suffix: suffixes[n] });
				});
				expect(possibleJobsOf(made)).toContain(job);
			}),
		);
	});

	it('of one job are never below the prefix of another', () => {
		fc.assert(
			fc.property(ids, jobs, ({ job, id: made }, other) => {
				fc.pre(other !== job);
				expect(recordKeyOf(job, made).startsWith(jobPrefixOf(other))).toBe(false);
			}),
		);
		expect(
			recordKeyOf('backup-other', 'backup-other-20260131T030000Z-1f2e').startsWith(jobPrefixOf('backup')),
		).toBe(false);
	});

	it('are not made of names that are none', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (job, made) => {
				for (const make of [recordKeyOf, markerKeyOf]) {
					try {
						expect(segmentsOf(make(job, made))).toHaveLength(3);
					} catch (error) {
						expect(error).toBeInstanceOf(BackupError);
					}
				}
			}),
		);
		expect(() => recordKeyOf('other', id)).toThrow(`${id} is no archive of job other`);
		expect(() => recordKeyOf('night', id)).toThrow('is no archive of job night');
		expect(() => recordKeyOf('../x', id)).toThrow('is not a job name');
		expect(() => recordKeyOf('nightly', '../../etc/passwd')).toThrow('is not an archive id');
		expect(() => lockPrefixOf('a/b')).toThrow('is not a job name');
	});
});

describe('parsing keys', () => {
	it('tells a fact, a record and a marker apart, whatever dots the job has', () => {
		const dotted = 'a.run-20260131T030000Z-1f2e';
		expect(parseObjectKey(`jobs/a.run/${dotted}.json`)?.suffix).toBe('.json');
		expect(parseObjectKey(`jobs/a.run/${dotted}.run.json`)?.suffix).toBe('.run.json');
		expect(parseObjectKey(`jobs/nightly/${id}.hold.01ARZ3NDEKTSV4RRFFQ69G5FAV.json`)).toEqual({
			job: 'nightly',
			id,
			suffix: '.hold.01ARZ3NDEKTSV4RRFFQ69G5FAV.json',
		});
	});

	test.each([
		'repository.json',
		`jobs/${id}.json`,
		`jobs/nightly/${id}`,
		`jobs/nightly/x/${id}.json`,
		`jobs/other/${id}.json`,
		`jobs/night/${id}.json`,
		`locks/nightly/${id}.json`,
		`xjobs/nightly/${id}.json`,
		`jobs/../${id}.json`,
		`jobs/nightly/${id}.json\n`,
		`jobs/nightly/${id}.js on`,
		'jobs/nightly/notes.json',
	])('finds no archive in %j', (key) => {
		expect(parseObjectKey(key)).toBeUndefined();
	});

	it('knows each job that an id can be of', () => {
		expect(possibleJobsOf('a-b-c-20260131T030000Z-1f2e')).toEqual(['a', 'a-b', 'a-b-c']);
		expect(possibleJobsOf(id)).toEqual(['nightly']);
		expect(possibleJobsOf('nightly')).toEqual([]);
		expect(possibleJobsOf('a-20260131T030000Z-1f2e-20260131T030000Z-1f2e')).toEqual([
			'a',
			'a-20260131T030000Z',
			'a-20260131T030000Z-1f2e',
		]);
	});

	it('orders ids newest first by their time, not by their part', () => {
		const ordered = [
			'a-20270101T000000Z-0000',
			'a-zz-20260131T030000Z-1f2e',
			'a-aa-20260131T030000Z-1f2e',
			'a-zz-20251231T235959Z-ffff',
		];
		expect([...ordered].reverse().sort(compareNewestFirst)).toEqual(ordered);
		expect(compareNewestFirst(id, id)).toBe(0);
	});
});

describe('object keys', () => {
	it('never lead out of their root', () => {
		const text = fc.oneof(
			fc.string({ unit: 'binary', maxLength: 30 }),
			fc.array(fc.constantFrom('..', '.', '', 'a', '/', '\0', 'b.', '.c')).map((list) => list.join('/')),
		);
		fc.assert(
			fc.property(text, (key) => {
				try {
					segmentsOf(key);
				} catch (error) {
					expect(error).toMatchObject({ code: 'invalid_parameter' });
					return;
				}
				expect(posix.join('/root', key)).toBe(`/root/${key}`);
				expect(key).not.toMatch(/(^|\/)\./);
			}),
			{ numRuns: 1000 },
		);
	});

	test.each([
		[1, true],
		[240, true],
		[241, false],
	])('take segments of %d bytes: %s', (length, valid) => {
		expect(isSegment('x'.repeat(length))).toBe(valid);
	});

	it('count bytes, not characters', () => {
		expect(isSegment('é'.repeat(120))).toBe(true);
		expect(isSegment('é'.repeat(121))).toBe(false);
		expect(segmentsOf(`${'x'.repeat(203)}/`.repeat(5) + 'xxxx')).toHaveLength(6);
		expect(() => segmentsOf(`${'x'.repeat(203)}/`.repeat(5) + 'xxxxx')).toThrow('is not an object key');
	});

	it('take prefixes that end at a slash', () => {
		expect(segmentsOfPrefix('')).toEqual([]);
		expect(segmentsOfPrefix('a/b/')).toEqual(['a', 'b']);
		expect(() => segmentsOfPrefix('a/b')).toThrow('is not a prefix');
	});
});
