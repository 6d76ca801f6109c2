/** From the values of BackupRepositoryApi to what the operations take. Throws `invalid_parameter`, `key_invalid`. */
import {
	BackupError,
	defaultRunner,
	defaultSocket,
	parseRawKey,
	type HostSettings,
	type RepositoryLocation,
	type RepositorySettings,
	type Secret,
	type Where,
} from '../../operations';
import { fieldsIn, type Fields } from './fields';
import { endpoint, runnerImage } from './host-settings';
import { s3Settings } from './s3-settings';

/** `credential`: the data of a Backup Repository credential. */
export function repositorySettings(credential: unknown): RepositorySettings {
	const fields = fieldsIn(credential, 'Backup Repository');
	const id = fields.text('repositoryId', 'Repository ID');
	return {
		location: location(fields),
		secret: currentSecret(fields),
		previousSecrets: fields.groups('previousKeys', 'keys', 'Previous Keys').map((key) => {
			const type = key.oneOf('type', 'Previous Keys: Type', ['key', 'passphrase']);
			return secret(type, key, 'value', 'Previous Keys: Value');
		}),
		mayCreate: fields.flag('createIfEmpty', 'Create Repository If Empty'),
		id: id === '' ? null : id,
	};
}

/** Where the credential's own test looks at the location from: here for S3, else through a Docker host. */
export function testWhere(credential: unknown): Where {
	const fields = fieldsIn(credential, 'Backup Repository');
	const isS3 = fields.oneOf('location', 'Location', ['directory', 'volume', 's3']) === 's3';
	return isS3 ? { type: 'process' } : { type: 'runner', host: testHost(fields) };
}

function testHost(fields: Fields): HostSettings {
	if (!fields.flag('testElsewhere', 'Test on Another Docker Host')) {
		return { endpoint: { type: 'socket', socketPath: defaultSocket }, runner: defaultRunner };
	}
	return { endpoint: endpoint(fields), runner: { ...defaultRunner, image: runnerImage(fields) } };
}

function location(fields: Fields): RepositoryLocation {
	switch (fields.oneOf('location', 'Location', ['directory', 'volume', 's3'])) {
		case 'volume':
			return { type: 'volume', name: fields.required('volume', 'Volume') };
		case 'directory':
			return directory(fields);
		case 's3':
			return s3Settings(fields);
	}
}

function directory(fields: Fields): RepositoryLocation {
	const path = fields.required(
		'directory',
		'Directory',
		'Name a directory on the Docker host, e.g. /srv/backups.',
	);
	if (path.startsWith('/')) return { type: 'directory', path };
	throw new BackupError('invalid_parameter', `the repository's directory "${path}" is not an absolute path`, {
		hint: 'Start it with a slash, e.g. /srv/backups.',
	});
}

function currentSecret(fields: Fields): Secret | null {
	switch (fields.oneOf('protection', 'Protect With', ['key', 'passphrase', 'none'])) {
		case 'none':
			return null;
		case 'key':
			return secret('key', fields, 'secretKey', 'Encryption Key');
		case 'passphrase':
			return secret('passphrase', fields, 'passphrase', 'Passphrase');
	}
}

function secret(type: 'key' | 'passphrase', fields: Fields, name: string, label: string): Secret {
	// Spaces may belong to a passphrase.
	const value = fields.text(name, label, { exact: type === 'passphrase' });
	if (value === '') {
		throw new BackupError('key_missing', `"${label}" in the Backup Repository credential is empty`, {
			hint: 'Fill it in (make a key with: openssl rand -base64 32), or protect the repository with nothing.',
		});
	}
	if (type === 'passphrase') return { type: 'passphrase', passphrase: value };
	parseRawKey(value);
	return { type: 'raw', key: value };
}
