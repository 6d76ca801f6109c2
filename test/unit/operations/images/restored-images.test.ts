/** A daemon that says that it loaded, and what is there then. */
import { requireLoaded } from '../../../../operations/images/restore-image';
import { describing } from '../../../engine/image-tars';
import { cannedDaemon, closeDaemons } from '../../docker/fake-daemon';

afterEach(closeDaemons);

const id = `sha256:${'1'.repeat(64)}`;
const other = `sha256:${'2'.repeat(64)}`;
const containerd = { DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']] };
const docker = { DriverStatus: [['Backing Filesystem', 'extfs']] };
const there = (Id: string, Layers: readonly string[] = []) => ({
	Id,
	Os: 'linux',
	Architecture: 'amd64',
	Size: 1,
	RootFS: { Type: 'layers', Layers },
});

async function check(info: object, image: object | undefined, saved = describing(['app:1'], id)) {
	const host = await cannedDaemon({
		'GET /info': info,
		...(image && { 'GET /images/app%3A1/json': image }),
	});
	await requireLoaded(host, saved, new AbortController().signal);
}

const mismatch = (message: string) => ({
	code: 'image_mismatch',
	message: expect.stringContaining(message) as string,
});

test('the very image is right; another one, and none, are not', async () => {
	await check(docker, there(id));
	await expect(check(docker, there(other))).rejects.toMatchObject(
		mismatch(`docker loaded app:1 as ${other}, and ${id} was saved`),
	);
	await expect(check(docker, undefined)).rejects.toMatchObject(mismatch('there is no app:1'));
});

test('between stores that call images differently, platform and layers tell', async () => {
	await check(containerd, there(other));
	await check(docker, there(other), describing(['app:1'], id, 'manifest'));
	await expect(check(containerd, there(other, ['sha256:a']))).rejects.toMatchObject(mismatch(other));
	await expect(check(containerd, { ...there(other), Architecture: 'arm64' })).rejects.toMatchObject(
		mismatch(other),
	);
	await expect(check(containerd, there(other), describing(['app:1'], id, 'manifest'))).rejects.toMatchObject(
		mismatch(other),
	);
	// By an id alone nothing can be found there.
	await check(containerd, undefined, describing([], id));
});
