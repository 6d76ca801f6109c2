import { imageRequest } from '../../../../nodes/Restore/request-image';
import { fieldsIn } from '../../../../nodes/shared/fields';

const id = 'images-20260131T030000Z-1f2e';
const panel = { select: 'id', record: id, takenTags: 'refuse', dryRun: false, options: {} };
const request = (changes: object = {}) => imageRequest(fieldsIn({ ...panel, ...changes }, 'panel'));

test('the panel as it is at first', () => {
	expect(request()).toEqual({
		selection: { by: 'id', id },
		overwriteTags: false,
		allowUnsigned: false,
		dryRun: false,
	});
});

test.each([
	[{ takenTags: 'move' }, { overwriteTags: true }],
	[
		{ select: 'latest', job: 'images', jobSeries: 'image:app' },
		{ selection: { by: 'latest', job: 'images', series: 'image:app' } },
	],
	[
		{ dryRun: true, options: { allowUnsigned: true } },
		{ dryRun: true, allowUnsigned: true },
	],
])('%j', (changes, expected) => {
	expect(request(changes)).toMatchObject(expected);
});

test.each([[{ record: '' }], [{ takenTags: 'drop' }]])('%j is refused', (changes) => {
	expect(() => request(changes)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
});
