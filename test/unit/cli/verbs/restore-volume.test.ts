import { namesFrom } from '../../../../cli/verbs/restore-volume';

test('one name for one volume', () => {
	expect(namesFrom('new')('data')).toBe('new');
});

test('a second volume is refused', () => {
	const nameFor = namesFrom('new');
	nameFor('data');
	expect(() => nameFor('logs')).toThrow(
		expect.objectContaining({
			code: 'usage',
			hint: expect.stringContaining('new_{volume}') as string,
		}) as Error,
	);
});

test('the placeholder stands for each name, whatever is in it', () => {
	const nameFor = namesFrom('x_{volume}.{volume}');
	expect([nameFor('data'), nameFor('a$&b')]).toEqual(['x_data.data', 'x_a$&b.a$&b']);
});
