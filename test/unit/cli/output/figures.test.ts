import { count, duration, size, time } from '../../../../cli/output/figures';

test.each([
	[0, '0 B'],
	[1, '1 B'],
	[999, '999 B'],
	[1000, '1.00 kB'],
	[1004, '1.00 kB'],
	[9994, '9.99 kB'],
	[9995, '10.0 kB'],
	[99_949, '99.9 kB'],
	[99_950, '100 kB'],
	[999_499, '999 kB'],
	[999_500, '1.00 MB'],
	[3_900_000_000, '3.90 GB'],
	[1e15, '1.00 PB'],
	[9e18, '9000 PB'],
])('size %d', (bytes, text) => {
	expect(size(bytes)).toBe(text);
});

test.each([
	[0, '0'],
	[999, '999'],
	[1000, '1,000'],
	[74_645, '74,645'],
	[1_234_567, '1,234,567'],
])('count %d', (value, text) => {
	expect(count(value)).toBe(text);
});

test.each([
	[0, '0.00 s'],
	[420, '0.42 s'],
	[9994, '9.99 s'],
	[9995, '10.0 s'],
	[59_949, '59.9 s'],
	[59_950, '1 min 00 s'],
	[185_000, '3 min 05 s'],
	[3_599_499, '59 min 59 s'],
	[3_599_500, '1 h 00 min'],
	[7_380_000, '2 h 03 min'],
	[360_000_000, '100 h 00 min'],
])('duration %d', (milliseconds, text) => {
	expect(duration(milliseconds)).toBe(text);
});

test('time', () => {
	expect(time('2026-01-31T03:00:00.123Z')).toBe('2026-01-31 03:00:00Z');
});
