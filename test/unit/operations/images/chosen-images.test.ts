/** Which images are meant and how archives are cut, by the answers of a daemon that stands still. */
import { chooseImages, describeImages, planSaves } from '../../../../operations/images/chosen-images';
import { cannedDaemon, closeDaemons } from '../../docker/fake-daemon';
import { testContext } from '../../../engine/in-process';

afterEach(closeDaemons);

const [one, two] = ['1', '2'].map((digit) => `sha256:${digit.repeat(64)}`);
const image = (Id: string | undefined, RepoTags: readonly string[] | null) => ({
	Id,
	RepoTags,
	RepoDigests: ['<none>@<none>', 'app@sha256:9'],
	Os: 'linux',
	Architecture: 'arm64',
	Size: 1000,
	RootFS: { Type: 'layers', Layers: ['sha256:a'] },
});
const daemon = async () =>
	await cannedDaemon({
		'GET /images/app/json': image(one, ['app:1', 'app:latest']),
		'GET /images/app%3A1/json': image(one, ['app:1', 'app:latest']),
		'GET /images/db%3A17/json': image(two, ['db:17']),
		'GET /images/222/json': image(two, ['db:17']),
	});
const { signal } = new AbortController();
const choose = async (...named: string[]) => await chooseImages(await daemon(), named, signal);

test('one image by two tags, one by its id', async () => {
	const chosen = await choose('app', 'app:1', '222');
	expect(chosen.map(({ reference, tagged }) => [reference, tagged])).toEqual([
		['app:latest', true],
		['app:1', true],
		[two, false],
	]);
	const facts = { digests: ['app@sha256:9'], os: 'linux', architecture: 'arm64', sizeBytes: 1000 };
	expect(describeImages(chosen)).toEqual([
		{ id: one, references: ['app:latest', 'app:1'], ...facts, layers: ['sha256:a'] },
		{ id: two, references: [], ...facts, layers: ['sha256:a'] },
	]);
});

test('what is missing, and what is named twice', async () => {
	await expect(choose('app', 'none')).rejects.toMatchObject({
		code: 'image_missing',
		message: 'there is no image none on the docker host',
	});
	await expect(choose('app', 'docker.io/library/app')).rejects.toMatchObject({ code: 'image_missing' });
	await expect(choose('app', 'app')).rejects.toMatchObject({ code: 'invalid_parameter' });
});

test('archives: one for all, or one for each name with all of its tags', async () => {
	const chosen = await choose('app', 'db:17', 'app:1');
	const cut = (separate: boolean) =>
		planSaves('images', chosen, separate, testContext()).map(({ plan, references }) => {
			expect(plan.sources.map(({ name }) => name)).toEqual(references);
			// Of an image with two tags the layers come once.
			expect(plan.expectedBytes).toBeLessThan(2 << 20);
			return [plan.series, ...references];
		});
	expect(cut(false)).toEqual([['images', 'app:latest', 'db:17', 'app:1']]);
	expect(cut(true)).toEqual([
		['image:app', 'app:latest', 'app:1'],
		['image:db', 'db:17'],
	]);
});
