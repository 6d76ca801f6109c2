import { isNewEnough, tooOld } from '../../../cli/node-version';

test.each([
	['22.15.0', true],
	['22.15.1', true],
	['22.100.0', true],
	['23.0.0', true],
	['24.21.0', true],
	['100.0.0', true],
	['22.14.9', false],
	['22.9.0', false],
	['21.99.0', false],
	['20.20.2', false],
	['8.17.0', false],
	['0.12.18', false],
])('%s: %s', (version, enough) => {
	expect(isNewEnough(version)).toBe(enough);
});

test('the sentence names both versions', () => {
	expect(tooOld('20.20.2')).toBe('error: docker-backup needs Node.js 22.15 or newer; this is 20.20.2\n');
});
