import { volumeSizes } from '../../../docker/disk-usage';
import { cannedDaemon, closeDaemons } from './fake-daemon';

afterEach(closeDaemons);

const volumes = [
	{ Name: 'a', UsageData: { Size: 4096, RefCount: 1 } },
	{ Name: 'b', UsageData: { Size: -1, RefCount: 0 } },
	{ Name: 'c' },
];

// One engine is at hand; how newer ones answer is canned, after their API's description.
test.each([
	['older engines', { Volumes: volumes }],
	['engines since API 1.52', { VolumeUsage: { TotalCount: 3, Items: volumes } }],
])('sizes as %s tell them', async (_who, usage) => {
	const host = await cannedDaemon({ 'GET /system/df': usage });
	expect(Object.fromEntries(await volumeSizes(host))).toEqual({ a: 4096, b: null, c: null });
});

test('a host without volumes', async () => {
	const host = await cannedDaemon({ 'GET /system/df': { Volumes: null } });
	expect((await volumeSizes(host)).size).toBe(0);
});
