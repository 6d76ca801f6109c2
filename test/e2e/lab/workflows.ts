/** Workflows and credentials of the tests, as documents to import. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const credentialIds = {
	dockerHostApi: 'dbkDockerHost001',
	backupRepositoryApi: 'dbkRepository001',
} as const;

export function credentials(repository: object): object[] {
	return [
		{
			id: credentialIds.dockerHostApi,
			name: 'Docker on this machine',
			type: 'dockerHostApi',
			data: { connection: 'socket', socketPath: '/var/run/docker.sock', customizeRunner: false },
		},
		{
			id: credentialIds.backupRepositoryApi,
			name: 'Backups on this machine',
			type: 'backupRepositoryApi',
			data: { createIfEmpty: true, ...repository },
		},
	];
}

export interface Node {
	readonly name: string;
	readonly type: string;
	readonly parameters: Record<string, unknown>;
	readonly onError?: string;
	[other: string]: unknown;
}

export interface Workflow {
	readonly id: string;
	readonly name: string;
	readonly nodes: Node[];
	[other: string]: unknown;
}

const ours = 'n8n-nodes-docker-backup.';

/** Every node of ours with the lab's credentials. */
export function withCredentials(workflow: Workflow): Workflow {
	const credentials = Object.fromEntries(
		Object.entries(credentialIds).map(([type, id]) => [type, { id, name: type }]),
	);
	return {
		...workflow,
		nodes: workflow.nodes.map((node) => (node.type.startsWith(ours) ? { ...node, credentials } : node)),
	};
}

/** A shipped template as a user would complete it: credentials chosen, and these parameters changed. */
export function template(file: string, id: string, changes: Record<string, object>): Workflow {
	const text = readFileSync(join(__dirname, '../../../workflows', file), 'utf8');
	const workflow = JSON.parse(text) as Workflow;
	const nodes = workflow.nodes.map((node) => ({
		...node,
		parameters: { ...node.parameters, ...changes[node.name] },
	}));
	return withCredentials({ ...workflow, id, nodes });
}

/** "Run Now", then these nodes one after the other. Each is `[name, type, parameters, more]`. */
export function chain(
	id: string,
	...steps: readonly (readonly [string, string, object, object?])[]
): Workflow {
	const all = [['Run Now', 'n8n-nodes-base.manualTrigger', {}] as const, ...steps];
	const nodes = all.map(([name, type, parameters, more], position) => ({
		id: `${id}-${position}`,
		name,
		type: type.includes('.') ? type : ours + type,
		typeVersion: 1,
		position: [position * 240, 0],
		parameters: parameters as Record<string, unknown>,
		...more,
	}));
	const connections = Object.fromEntries(
		all
			.slice(0, -1)
			.map(([name], position) => [
				name,
				{ main: [[{ node: all[position + 1]![0], type: 'main', index: 0 }]] },
			]),
	);
	return withCredentials({
		id,
		name: id,
		nodes,
		connections,
		active: false,
		settings: { executionOrder: 'v1' },
	});
}

/** Backup Volume's panel as it is at first, for these volumes. */
export const backup = (job: string, volumes: readonly string[], changes: object = {}): object => ({
	job,
	volumesBy: 'list',
	volumes,
	archive: 'one',
	encrypt: true,
	compression: 'zstd',
	compressionLevel: 1,
	options: {},
	...changes,
});
