/** The contract of a storage on a real S3 server: with conditional writes, and by claims where a store has none. */
import { describeStorage } from '../../../conformance/storage';
import { startUnconditionalProxy, type S3Proxy } from '../../../processes/unconditional-proxy';
import { endpoint, keys, locationAt, storageAt, testBuckets, uniqueName } from './s3-lab';

const makeBucket = testBuckets();
let bucket: string;
beforeAll(async () => {
	bucket = await makeBucket();
});

describeStorage('S3', async () => storageAt(locationAt(bucket, { prefix: uniqueName('a/b') })));

describeStorage('S3 without conditional writes', async () =>
	storageAt(locationAt(bucket, { prefix: uniqueName('claims') }), { conditionalWrites: 'never' }),
);

describe('a store that ignores conditions', () => {
	let proxy: S3Proxy;
	beforeAll(async () => {
		proxy = await startUnconditionalProxy(endpoint, keys);
	});
	afterAll(async () => {
		expect(proxy.stripped).toBeGreaterThan(0);
		await proxy.close();
	});

	describeStorage('S3 found out to ignore conditions', async () =>
		storageAt(locationAt(bucket, { prefix: uniqueName('probe'), endpoint: proxy.endpoint })),
	);
});
