import { needsIn } from '../../../../docker/quiesce/needs';

test.each([
	[{}, {}, [], []],
	[
		{ 'com.docker.compose.depends_on': 'db:service_healthy:false,redis:service_started:true' },
		{},
		[],
		[{ service: 'db' }, { service: 'redis' }],
	],
	[{ 'com.docker.compose.depends_on': 'db' }, {}, [], [{ service: 'db' }]],
	[{ 'com.docker.compose.depends_on': '' }, {}, [], []],
	[{}, { NetworkMode: 'container:abc', PidMode: 'host' }, [], [{ container: 'abc' }]],
	[{}, { PidMode: 'container:a', IpcMode: 'container:b' }, [], [{ container: 'a' }, { container: 'b' }]],
	[
		{},
		{ NetworkMode: 'bridge', Links: ['/db:/app/alias'], VolumesFrom: ['data:ro'] },
		[],
		[{ container: 'db' }, { container: 'data' }],
	],
	[{}, { Links: null, VolumesFrom: null }, [{ Links: ['db:alias'] }, { Links: null }], [{ container: 'db' }]],
])('%j %j %j', (labels, hostConfig, networks, expected) => {
	expect(needsIn(labels, hostConfig, networks)).toEqual(expected);
});
