/** A Docker host: how to reach it, and what the runners there may use. Tested by connecting to it. */
import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';
import { dockerConnection } from './docker-connection';

const customized = { show: { customizeRunner: [true] } };

export class DockerHostApi implements ICredentialType {
	name = 'dockerHostApi';

	displayName = 'Docker Host API';

	icon: Icon = { light: 'file:dockerHost.svg', dark: 'file:dockerHost.dark.svg' };

	documentationUrl = 'https://docs.docker.com/engine/security/protect-access/';

	properties: INodeProperties[] = [
		...dockerConnection(),
		{
			displayName: 'Customize Runner',
			name: 'customizeRunner',
			type: 'boolean',
			default: false,
			description:
				'Whether to set the image and the limits of the short-lived container that reads and writes archives',
		},
		{
			displayName: 'Runner Image',
			name: 'runnerImage',
			type: 'string',
			default: 'node:24-bookworm-slim',
			displayOptions: customized,
			description: 'Must hold Node.js 22.15 or newer and GNU tar; pulled when it is missing',
		},
		{
			displayName: 'Memory Limit (MiB)',
			name: 'memoryLimit',
			type: 'number',
			typeOptions: { minValue: 128 },
			default: 512,
			displayOptions: customized,
			description: '512 is enough for compression levels up to 9',
		},
		{
			displayName: 'CPU Weight',
			name: 'cpuWeight',
			type: 'number',
			typeOptions: { minValue: 2 },
			default: 512,
			displayOptions: customized,
			description: "Share of the CPU when other containers want it too; a container's normal weight is 1024",
		},
		{
			displayName: 'Process Limit',
			name: 'pidsLimit',
			type: 'number',
			typeOptions: { minValue: 32 },
			default: 128,
			displayOptions: customized,
			description: 'How many processes and threads a runner may have',
		},
		{
			displayName: 'Network',
			name: 'network',
			type: 'string',
			default: 'bridge',
			displayOptions: customized,
			description:
				'Docker network through which runners reach an S3 store; with other repositories they have none. "host", or the name of a network, when the store runs on this Docker host.',
		},
		{
			displayName: 'Socket for Guards',
			name: 'guardSocket',
			type: 'string',
			default: '',
			placeholder: 'e.g. /var/run/docker.sock',
			displayOptions: customized,
			description:
				'Path of the Docker socket on the Docker host itself, for the small container that starts stopped containers again should n8n be killed; empty for the one of the connection, or the usual one',
		},
	];
}
