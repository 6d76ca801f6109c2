import { hasLabels, matchesFilter, projectsOf } from '../../../operations/resources-filter';

const none = { labels: [], name: null, project: null };
const thing = { names: ['app_data'], labels: { a: '1', 'b=c': 'd' }, projects: ['shop'] };

test.each([
	[{}, true],
	[{ labels: ['a'] }, true],
	[{ labels: ['a=1'] }, true],
	[{ labels: ['a=1', 'b'] }, false],
	[{ labels: ['a='] }, false],
	[{ labels: ['toString'] }, false],
	[{ name: 'app_*' }, true],
	[{ name: 'APP_*' }, false],
	[{ name: 'app.data' }, false],
	[{ name: 'app?data' }, true],
	[{ name: '*' }, true],
	[{ project: 'shop' }, true],
	[{ project: 'sho' }, false],
	[{ labels: ['a'], name: 'app_data', project: 'blog' }, false],
])('the filter %j: %p', (filter, matches) => {
	expect(matchesFilter(thing, { ...none, ...filter })).toBe(matches);
});

test('a value may hold what separates it', () => {
	expect(hasLabels({ a: 'b=c' }, ['a=b=c'])).toBe(true);
});

test('projects come from the label first', () => {
	expect(projectsOf({ 'com.docker.compose.project': 'x' }, [])).toEqual(['x']);
	expect(projectsOf({}, [])).toEqual([]);
});
