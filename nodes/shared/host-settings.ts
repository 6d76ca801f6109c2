/** From the values of credentials/docker-connection.ts and DockerHostApi to what the operations take. */
import {
	BackupError,
	defaultRunner,
	type DockerEndpoint,
	type HostSettings,
	type RunnerSettings,
} from '../../operations';
import { fieldsIn, type Fields } from './fields';

/** `credential`: the data of a Docker Host credential. Throws `invalid_parameter`. */
export function hostSettings(credential: unknown): HostSettings {
	const fields = fieldsIn(credential, 'Docker Host');
	return { endpoint: endpoint(fields), runner: runner(fields) };
}

/** As `hostSettings`; null for a node whose Docker Host is not chosen. */
export function optionalHostSettings(credential: unknown): HostSettings | null {
	return credential === null ? null : hostSettings(credential);
}

/** What `dockerConnection()` asks for. */
export function endpoint(fields: Fields): DockerEndpoint {
	switch (fields.oneOf('connection', 'Connection', ['socket', 'tcp', 'ssh'])) {
		case 'socket':
			return { type: 'socket', socketPath: fields.required('socketPath', 'Socket Path') };
		case 'tcp':
			return tcpEndpoint(fields);
		case 'ssh':
			return sshEndpoint(fields);
	}
}

function tcpEndpoint(fields: Fields): DockerEndpoint {
	const host = fields.required('host', 'Host', 'Name the Docker host, without tcp:// and port.');
	const port = fields.whole('port', 'Port', 1, 2376);
	if (!fields.flag('tls', 'TLS')) return { type: 'tcp', host, port };
	const pem = (name: string, label: string) => pemText(fields.text(name, label));
	return {
		type: 'tcp',
		host,
		port,
		tls: {
			ca: pem('caCertificate', 'CA Certificate'),
			cert: pem('clientCertificate', 'Client Certificate'),
			key: pem('clientKey', 'Client Key'),
		},
	};
}

function sshEndpoint(fields: Fields): DockerEndpoint {
	const passphrase = fields.text('sshPassphrase', 'Passphrase of the Private Key', { exact: true });
	return {
		type: 'ssh',
		host: fields.required('host', 'Host', 'Name the Docker host, without ssh://, user and port.'),
		port: fields.whole('sshPort', 'SSH Port', 1, 22),
		user: fields.required('sshUser', 'User'),
		privateKey: pemText(fields.required('sshPrivateKey', 'Private Key')) ?? '',
		...(passphrase !== '' && { passphrase }),
		// Empty, it is refused when the server has shown its own: that is how users learn it.
		hostKey: fields.text('sshHostKey', 'Host Key'),
		socketPath: absolute(fields.required('socketPath', 'Socket Path')),
	};
}

function absolute(path: string): string {
	if (path.startsWith('/')) return path;
	throw new BackupError('invalid_parameter', `"Socket Path" ${JSON.stringify(path)} is not an absolute path`);
}

function runner(fields: Fields): RunnerSettings {
	if (!fields.flag('customizeRunner', 'Customize Runner')) return defaultRunner;
	return {
		image: runnerImage(fields),
		memoryBytes:
			fields.whole('memoryLimit', 'Memory Limit (MiB)', 128, defaultRunner.memoryBytes >> 20) * (1 << 20),
		cpuShares: fields.whole('cpuWeight', 'CPU Weight', 2, defaultRunner.cpuShares),
		pidsLimit: fields.whole('pidsLimit', 'Process Limit', 32, defaultRunner.pidsLimit),
		network: network(fields.text('network', 'Network')),
		...guardSocket(fields.text('guardSocket', 'Socket for Guards')),
	};
}

function guardSocket(path: string): Pick<RunnerSettings, 'guardSocket'> {
	if (path === '') return {};
	if (path.startsWith('/')) return { guardSocket: path };
	throw new BackupError('invalid_parameter', '"Socket for Guards" is not an absolute path', {
		hint: 'Write where the Docker socket is on the Docker host itself, e.g. /var/run/docker.sock.',
	});
}

function network(name: string): string {
	if (name === '') return defaultRunner.network;
	if (name !== 'none' && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) return name;
	throw new BackupError('invalid_parameter', `${JSON.stringify(name)} is no network for runners`, {
		hint: 'Write bridge, host, or the name of a network on the Docker host (docker network ls).',
	});
}

export function runnerImage(fields: Fields): string {
	const image = fields.text('runnerImage', 'Runner Image');
	return image === '' ? defaultRunner.image : image;
}

/** A PEM text with its line breaks, which some input fields turn into spaces; undefined when empty. */
export function pemText(text: string): string | undefined {
	if (text === '') return undefined;
	return text
		.replace(/\\n/g, '\n')
		.replace(
			/(-----BEGIN [A-Z ]+-----)([^-]*)(-----END [A-Z ]+-----)/g,
			(_, begin: string, body: string, end: string) => [begin, ...body.trim().split(/\s+/), end].join('\n'),
		)
		.replace(/(-----END [A-Z ]+-----)\s*/g, '$1\n');
}
