import fc from 'fast-check';
import { archiveIdOf, isArchiveId, parseArchiveId, parseJobName, slug } from '../../../protocol/names';

test.each(['a', 'nightly', 'A.b_c-9', 'x'.repeat(64), '0'])('%s is a job name', (name) => {
	expect(parseJobName(name)).toBe(name);
});

test.each([
	'',
	'.',
	'..',
	'a/b',
	'../x',
	'-a',
	'.a',
	'_a',
	'a..b',
	'a b',
	'a\n',
	'ä',
	'x'.repeat(65),
	'a\0',
	7,
	null,
	undefined,
])('%p is no job name', (name) => {
	expect(() => parseJobName(name)).toThrow(
		expect.objectContaining({ code: 'invalid_job_name', hint: expect.any(String) }),
	);
});

test('ids name job, part and second in UTC', () => {
	const at = Date.UTC(2026, 0, 31, 3, 4, 5, 678);
	expect(archiveIdOf('nightly', undefined, at, Buffer.from('2e', 'hex'))).toBe(
		'nightly-20260131T030405Z-adae',
	);
	expect(archiveIdOf('nightly', 'My DB/$(x)', at, Buffer.from('2e', 'hex'))).toBe(
		'nightly-my-db-x-20260131T030405Z-adae',
	);
});

test('ids of one job sort as they were made, to the millisecond', () => {
	fc.assert(
		fc.property(fc.integer({ min: 0, max: 4e12 }), fc.nat(255), fc.nat(255), (at, one, other) => {
			const [first, second] = [
				archiveIdOf('j', undefined, at, Buffer.from([one])),
				archiveIdOf('j', undefined, at + 1, Buffer.from([other])),
			];
			expect(first < second).toBe(true);
		}),
	);
});

test.each([
	[0, 0, '0000'],
	[0, 255, '003f'],
	[999, 255, 'ffbf'],
])('%d ms and %d: %s', (ms, unique, digits) => {
	expect(archiveIdOf('j', undefined, ms, Buffer.from([unique]))).toBe(`j-19700101T000000Z-${digits}`);
});

test('every id that is made is an id, and a slug of any name is harmless', () => {
	fc.assert(
		fc.property(
			fc.string({ unit: 'binary' }),
			fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
			(part, at) => {
				expect(slug(part)).toMatch(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/);
				expect(isArchiveId(archiveIdOf('j', part, at.getTime(), Buffer.from([1])))).toBe(true);
			},
		),
	);
});

test.each([
	'',
	'x',
	'../nightly-20260131T030405Z-1f2e',
	'a/b-20260131T030405Z-1f2e',
	'nightly-20260131T030405Z-1F2E',
	'a..b-20260131T030405Z-1f2e',
])('%p is no id', (id) => {
	expect(() => parseArchiveId(id)).toThrow(expect.objectContaining({ code: 'record_not_found' }));
});
