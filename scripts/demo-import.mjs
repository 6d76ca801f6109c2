/**
 * Writes what the demo imports into n8n: node scripts/demo-import.mjs <folder> <workflow id> <volume> <repository> <key file>
 *   credentials.json   a Docker Host (the local socket) and a Backup Repository (that directory, that key)
 *   workflow.json      the nightly template with these credentials and that volume chosen
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, workflowId, volume, repository, keyFile] = process.argv.slice(2);
const credentials = [
	{
		id: 'demoDockerHost01',
		name: 'Docker on this machine',
		type: 'dockerHostApi',
		data: { connection: 'socket', socketPath: '/var/run/docker.sock', customizeRunner: false },
	},
	{
		id: 'demoRepository01',
		name: 'Backups of the demo',
		type: 'backupRepositoryApi',
		data: {
			location: 'directory',
			directory: repository,
			protection: 'key',
			secretKey: readFileSync(keyFile, 'utf8').trim(),
			createIfEmpty: true,
			testElsewhere: false,
		},
	},
];
const template = JSON.parse(
	readFileSync(join(import.meta.dirname, '../workflows/nightly-volume-backup.json'), 'utf8'),
);
const chosen = Object.fromEntries(credentials.map(({ id, name, type }) => [type, { id, name }]));
const nodes = template.nodes.map((node) => {
	if (!node.type.startsWith('n8n-nodes-docker-backup.')) return node;
	const parameters =
		'volumes' in node.parameters ? { ...node.parameters, volumes: [volume] } : node.parameters;
	return { ...node, parameters, credentials: chosen };
});
writeFileSync(join(folder, 'credentials.json'), JSON.stringify(credentials));
writeFileSync(join(folder, 'workflow.json'), JSON.stringify([{ ...template, id: workflowId, nodes }]));
