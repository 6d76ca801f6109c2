import { parseAge } from '../../../../cli/flags/resources';

test.each([
	['1h', 3_600_000],
	['26h', 93_600_000],
	['7d', 604_800_000],
])('%s', (text, milliseconds) => {
	expect(parseAge('max-age', text)).toBe(milliseconds);
});

test.each(['', '26', '0h', '-1h', '1.5h', '1 h', '7w', '9999999h'])('%j is no age', (text) => {
	expect(() => parseAge('max-age', text)).toThrow(expect.objectContaining({ code: 'usage' }));
});
