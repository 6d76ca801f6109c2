import { familiar, imageName, referenceAmong } from '../../../../operations/images/references';

test.each([
	['app', 'app:latest'],
	['app:1.2', 'app:1.2'],
	['docker.io/library/app', 'app:latest'],
	['index.docker.io/team/app:1', 'team/app:1'],
	['docker.io/team/app', 'team/app:latest'],
	['registry.example:5000/app', 'registry.example:5000/app:latest'],
	['registry.example:5000/team/app:1', 'registry.example:5000/team/app:1'],
	['app@sha256:abc', 'app@sha256:abc'],
])('%s is shown as %s', (reference, shown) => {
	expect(familiar(reference)).toBe(shown);
});

const tags = ['app:1', 'app:latest', 'registry.example:5000/app:1'];

test.each([
	['app', tags, 'app:latest'],
	['docker.io/library/app:1', tags, 'app:1'],
	['registry.example:5000/app:1', tags, 'registry.example:5000/app:1'],
	['2d96dcc69a73', tags, undefined],
	[`sha256:${'2'.repeat(64)}`, tags, undefined],
	['app@sha256:abc', tags, undefined],
	['app:1', ['docker.io/library/app:1'], 'docker.io/library/app:1'],
	['app:1', ['localhost/app:1'], 'localhost/app:1'],
	['app:1', ['other.example/app:1'], undefined],
	['app:1', [], undefined],
])('%s among %j is %s', (named, there, found) => {
	expect(referenceAmong(there, named)).toBe(found);
});

test.each([
	['app:1.2', 'app'],
	['registry.example:5000/team/app:1', 'registry.example:5000/team/app'],
	[`sha256:2d96dcc69a73${'0'.repeat(52)}`, '2d96dcc69a73'],
])('%s is called %s, whatever its tag', (reference, name) => {
	expect(imageName(reference)).toBe(name);
});
