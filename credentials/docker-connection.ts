/**
 * The fields that say how a Docker Engine is reached, for every credential that has some. Their values are
 * read by nodes/shared/host-settings.ts.
 */
import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';

type Shown = NonNullable<IDisplayOptions['show']>;

/** `shown`: what must hold besides for the fields to be visible. */
export function dockerConnection(shown: Shown = {}): INodeProperties[] {
	const when = (show: Shown): IDisplayOptions => ({ show: { ...shown, ...show } });
	const tls = when({ connection: ['tcp'], tls: [true] });
	const ssh = when({ connection: ['ssh'] });
	return [
		{
			displayName: 'Connection',
			name: 'connection',
			type: 'options',
			options: [
				{ name: 'Local Socket', value: 'socket', description: 'Docker on the machine that runs n8n' },
				{
					name: 'SSH',
					value: 'ssh',
					description: 'Docker on another machine, by a user who may log in there',
				},
				{ name: 'TCP', value: 'tcp', description: 'Docker on another machine, or a socket proxy' },
			],
			default: 'socket',
			...(Object.keys(shown).length > 0 && { displayOptions: { show: shown } }),
		},
		{
			displayName: 'Socket Path',
			name: 'socketPath',
			type: 'string',
			default: '/var/run/docker.sock',
			displayOptions: when({ connection: ['socket', 'ssh'] }),
			description:
				'When n8n runs in a container, mount the socket into it; with SSH it is the path on the other machine',
		},
		{
			displayName: 'Host',
			name: 'host',
			type: 'string',
			default: '',
			placeholder: 'e.g. docker1.example.com',
			displayOptions: when({ connection: ['ssh', 'tcp'] }),
		},
		{
			displayName: 'Port',
			name: 'port',
			type: 'number',
			default: 2376,
			displayOptions: when({ connection: ['tcp'] }),
			description: 'Usually 2376 with TLS, 2375 without',
		},
		{
			displayName: 'TLS',
			name: 'tls',
			type: 'boolean',
			default: true,
			displayOptions: when({ connection: ['tcp'] }),
			description: 'Whether the connection is encrypted and both sides show certificates',
		},
		{
			displayName:
				'Without TLS everybody who can reach this port controls the host. Use it only for a socket proxy on a private network.',
			name: 'withoutTls',
			type: 'notice',
			default: '',
			displayOptions: when({ connection: ['tcp'], tls: [false] }),
		},
		certificate(
			'CA Certificate',
			'caCertificate',
			'Of the authority that signed the certificate of the Docker host (ca.pem)',
			tls,
		),
		certificate(
			'Client Certificate',
			'clientCertificate',
			'What n8n shows to the Docker host (cert.pem)',
			tls,
		),
		certificate('Client Key', 'clientKey', 'Private key of the client certificate (key.pem)', tls),
		{
			displayName: 'SSH Port',
			name: 'sshPort',
			type: 'number',
			default: 22,
			displayOptions: ssh,
		},
		{
			displayName: 'User',
			name: 'sshUser',
			type: 'string',
			default: '',
			placeholder: 'e.g. backup',
			displayOptions: ssh,
			description:
				'Must be allowed to use the socket there; to most machines that means: in the group docker',
		},
		certificate(
			'Private Key',
			'sshPrivateKey',
			'Of the user: the whole file, e.g. of ~/.ssh/id_ed25519',
			ssh,
		),
		{
			displayName: 'Passphrase of the Private Key',
			name: 'sshPassphrase',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			displayOptions: ssh,
			description: 'Empty when the key is not encrypted',
		},
		{
			displayName: 'Host Key',
			name: 'sshHostKey',
			type: 'string',
			typeOptions: { rows: 3 },
			default: '',
			placeholder: 'e.g. SHA256:…',
			displayOptions: ssh,
			description:
				'Fingerprint of the machine, or what "ssh-keyscan" prints for it. The connection test tells the fingerprint of a machine that is not known yet: compare it there (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub).',
		},
	];
}

function certificate(
	displayName: string,
	name: string,
	description: string,
	displayOptions: IDisplayOptions,
): INodeProperties {
	return {
		displayName,
		name,
		type: 'string',
		typeOptions: { password: true, rows: 4 },
		default: '',
		placeholder: '-----BEGIN …',
		description,
		displayOptions,
	};
}
