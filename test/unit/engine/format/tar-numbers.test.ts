import { parseDecimal, parseField, parseTime } from '../../../../engine/format/tar-numbers';
import { codeOf } from './chunks';

const field = (text: string) => parseField(Buffer.from(text, 'latin1'), 0, text.length, 'size');

describe('parseField', () => {
	it.each([
		['00000000000\0', 0],
		['00000000017 ', 15],
		['   17\0      ', 15],
		['777777777777', 8 ** 12 - 1],
		['0000644\0', 420],
		['7777777 ', 8 ** 7 - 1],
		['\x80\0\0\0\0\0\0\x01\0\0\0\0', 2 ** 32],
		['\x80\0\0\0\0\0\x1f\xff\xff\xff\xff\xff', 2 ** 45 - 1],
		['\x80\0\0\0\0\x1f\xff\xff\xff\xff\xff\xff', Number.MAX_SAFE_INTEGER],
		['\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff', -1],
		['\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00', -256],
	])('reads %j as %i', (text, value) => expect(field(text)).toBe(value));

	it.each([
		'',
		'        ',
		'\0\0\0\0\0\0\0\0',
		'-0000001',
		'0000008\0',
		'0x1f\0',
		'+1\0',
		'\x81\0\0\0\0\0\0\0\0\0\0\x01',
		'\x80\0\0\0\0\x20\0\0\0\0\0\0',
		'\xff\0\0\0\0\0\0\0\0\0\0\0',
	])('refuses %j', async (text) => expect(await codeOf(() => field(text))).toBe('archive_malformed'));
});

describe('parseDecimal', () => {
	it.each([
		['0', 0],
		['9007199254740991', Number.MAX_SAFE_INTEGER],
		['007', 7],
	])('reads %j', (text, value) => expect(parseDecimal(text, 'size')).toBe(value));

	it.each(['', '-1', '+1', ' 1', '1 ', '1e3', '0x1', '9007199254740992', '99999999999999999999'])(
		'refuses %j',
		async (text) => expect(await codeOf(() => parseDecimal(text, 'size'))).toBe('archive_malformed'),
	);
});

describe('parseTime', () => {
	it.each([
		['0', '0'],
		['-0', '0'],
		['-0.0', '0'],
		['1', '1000000000'],
		['1.', '1000000000'],
		['1.5', '1500000000'],
		['0.000000001', '1'],
		['-0.000000001', '-1'],
		['1795210803.86425964', '1795210803864259640'],
		['-315619199.876543211', '-315619199876543211'],
		['999999999999999999.999999999', '999999999999999999999999999'],
	])('reads %j', (text, value) => expect(parseTime(text, 'mtime')).toBe(value));

	it.each(['', '-', '.5', '1.0000000001', '1e9', '1,5', 'now', '+1', '1 ', '9'.repeat(19)])(
		'refuses %j',
		async (text) => expect(await codeOf(() => parseTime(text, 'mtime'))).toBe('archive_malformed'),
	);
});
