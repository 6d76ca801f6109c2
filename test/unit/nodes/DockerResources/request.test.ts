import { resourcesRequest } from '../../../../nodes/DockerResources/request';
import { fieldsIn } from '../../../../nodes/shared/fields';

const panel = {
	operation: 'containers',
	name: '',
	labels: '',
	project: { mode: 'list', value: '', __rl: true },
};
const request = (changes: object = {}) => resourcesRequest(fieldsIn({ ...panel, ...changes }, 'panel'));
const everything = { labels: [], name: null, project: null };

test.each([
	[{}, { operation: 'containers', filter: everything }],
	[
		{ operation: 'images', name: 'app_*', labels: 'a, b=1', project: 'shop' },
		{ operation: 'images', filter: { labels: ['a', 'b=1'], name: 'app_*', project: 'shop' } },
	],
	[
		{ operation: 'volumes', sizes: true },
		{ operation: 'volumes', filter: everything, sizes: true, anonymous: false },
	],
	[
		{ operation: 'unprotected', maxAge: 26, anonymous: true },
		{ operation: 'unprotected', filter: everything, sizes: false, anonymous: true, maxAgeMs: 93_600_000 },
	],
	[{ operation: 'unprotected', maxAge: 0 }, { maxAgeMs: null }],
])('%j', (changes, expected) => {
	expect(request(changes)).toMatchObject(expected);
});

test.each([[{ operation: 'networks' }], [{ operation: 'unprotected', maxAge: -1 }], [{ labels: [{}] }]])(
	'%j is refused',
	(changes) => {
		expect(() => request(changes)).toThrow(expect.objectContaining({ code: 'invalid_parameter' }));
	},
);
