import { fieldsIn } from '../../../../nodes/shared/fields';
import { asOptionsSay } from '../../../../nodes/shared/versions';
import { whereFor, whereForCatalog } from '../../../../nodes/shared/where';
import {
	defaultRunner,
	s3Location,
	type HostSettings,
	type RepositoryLocation,
} from '../../../../operations/index';

const host: HostSettings = { endpoint: { type: 'socket', socketPath: '/s' }, runner: defaultRunner };
const runner = { type: 'runner', host };
const here = { type: 'process' };
const s3 = s3Location({ bucket: 'backups', accessKeyId: 'id', secretAccessKey: 'secret' });
const directory: RepositoryLocation = { type: 'directory', path: '/srv' };
const volume: RepositoryLocation = { type: 'volume', name: 'v' };

test.each([
	[[s3], here, runner, here],
	[[s3, s3], here, runner, here],
	[[directory], undefined, runner, runner],
	[[volume], undefined, runner, runner],
	[[s3, volume], undefined, runner, runner],
])('%j', (locations, without, withHost, forCatalog) => {
	expect(whereFor(host, ...locations)).toEqual(withHost);
	expect(whereForCatalog(host, ...locations)).toEqual(forCatalog);
	for (const choose of [whereFor, whereForCatalog]) {
		if (without) expect(choose(null, ...locations)).toEqual(without);
		else {
			expect(() => choose(null, ...locations)).toThrow(
				expect.objectContaining({ code: 'usage', hint: expect.stringContaining('Docker Host') as string }),
			);
		}
	}
});

test('looking behind deletions', () => {
	const repository = (location: RepositoryLocation) => ({
		location,
		secret: null,
		previousSecrets: [],
		mayCreate: true,
		id: null,
	});
	const options = (versions: unknown) => fieldsIn({ versions }, 'Options');
	expect(asOptionsSay(repository(s3), options(true)).location).toEqual({ ...s3, versions: true });
	for (const versions of [false, undefined]) {
		expect(asOptionsSay(repository(s3), options(versions))).toEqual(repository(s3));
		expect(asOptionsSay(repository(volume), options(versions))).toEqual(repository(volume));
	}
	expect(() => asOptionsSay(repository(directory), options(true))).toThrow(
		expect.objectContaining({ code: 'invalid_parameter' }),
	);
});
