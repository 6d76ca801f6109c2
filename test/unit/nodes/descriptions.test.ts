/** What n8n reads of the package: every name that a description refers to exists, and every picker works. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type INodeProperties, type INodeType } from 'n8n-workflow';
import { BackupRepositoryApi } from '../../../credentials/BackupRepositoryApi.credentials';
import { BackupSecondTargetApi } from '../../../credentials/BackupSecondTargetApi.credentials';
import { BackupTargetApi } from '../../../credentials/BackupTargetApi.credentials';
import { BackupThirdTargetApi } from '../../../credentials/BackupThirdTargetApi.credentials';
import { DockerHostApi } from '../../../credentials/DockerHostApi.credentials';
import { PostgresLoginApi } from '../../../credentials/PostgresLoginApi.credentials';
import { BackupCatalog } from '../../../nodes/BackupCatalog/BackupCatalog.node';
import { BackupContainer } from '../../../nodes/BackupContainer/BackupContainer.node';
import { BackupVolume } from '../../../nodes/BackupVolume/BackupVolume.node';
import { CopyArchive } from '../../../nodes/CopyArchive/CopyArchive.node';
import { DockerResources } from '../../../nodes/DockerResources/DockerResources.node';
import { DumpPostgres } from '../../../nodes/DumpPostgres/DumpPostgres.node';
import { Restore } from '../../../nodes/Restore/Restore.node';
import { SnapshotSqlite } from '../../../nodes/SnapshotSqlite/SnapshotSqlite.node';
import { VerifyArchive } from '../../../nodes/VerifyArchive/VerifyArchive.node';

const root = join(__dirname, '../../..');
const nodes: readonly INodeType[] = [
	new BackupVolume(),
	new BackupContainer(),
	new DumpPostgres(),
	new SnapshotSqlite(),
	new VerifyArchive(),
	new CopyArchive(),
	new Restore(),
	new BackupCatalog(),
	new DockerResources(),
];
const credentials = [
	new DockerHostApi(),
	new BackupRepositoryApi(),
	new BackupTargetApi(),
	new BackupSecondTargetApi(),
	new BackupThirdTargetApi(),
	new PostgresLoginApi(),
];
/** How many credentials a node has, where it is not a host and a repository. */
const credentialCounts: Readonly<Record<string, number>> = { CopyArchive: 5, DumpPostgres: 3, Restore: 3 };
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
	n8n: Record<'nodes' | 'credentials', string[]>;
};

test('package.json names every node and credential', () => {
	expect(manifest.n8n.nodes.map((path) => path.replace(/^.*\/(.*)\.node\.js$/, '$1'))).toEqual(
		nodes.map((node) => node.constructor.name),
	);
	expect(manifest.n8n.credentials.map((path) => path.replace(/^.*\/(.*)\.credentials\.js$/, '$1'))).toEqual(
		credentials.map((credential) => credential.constructor.name),
	);
});

describe.each(nodes.map((node) => [node.constructor.name, node] as const))('%s', (className, node) => {
	const { description, methods } = node;
	const folder = join(root, 'nodes', className);

	test('has its pictures and a codex of its own name', () => {
		const { light, dark } = description.icon as { light: string; dark: string };
		for (const icon of [light, dark]) expect(existsSync(join(folder, icon.replace('file:', '')))).toBe(true);
		const codex = JSON.parse(readFileSync(join(folder, `${className}.node.json`), 'utf8')) as {
			node: string;
		};
		expect(codex.node).toBe(`n8n-nodes-docker-backup.${description.name}`);
	});

	test('its credentials exist and are tested by functions that exist', () => {
		for (const { name, testedBy } of description.credentials ?? []) {
			expect(credentials.map((credential) => credential.name)).toContain(name);
			// A login can't be tried before a node says in which container.
			if (name === 'postgresLoginApi') expect(testedBy).toBeUndefined();
			else expect(Object.keys(methods?.credentialTest ?? {})).toContain(testedBy);
		}
		expect(description.credentials).toHaveLength(credentialCounts[className] ?? 2);
	});

	test('its pickers exist, and none is there for nobody', () => {
		const used = new Set<string>();
		for (const { typeOptions, modes } of description.properties) {
			if (typeOptions?.loadOptionsMethod !== undefined)
				used.add(`loadOptions ${typeOptions.loadOptionsMethod}`);
			for (const mode of modes ?? []) {
				if (mode.typeOptions?.searchListMethod !== undefined)
					used.add(`listSearch ${mode.typeOptions.searchListMethod}`);
			}
		}
		const there = (['loadOptions', 'listSearch'] as const).flatMap((sort) =>
			Object.keys(methods?.[sort] ?? {}).map((name) => `${sort} ${name}`),
		);
		expect(there.toSorted()).toEqual([...used].toSorted());
	});

	test('parameters that depend on others name ones that exist, with values that exist', () => {
		for (const { name, displayOptions, type, options } of description.properties) {
			const inside = type === 'collection' ? (options as INodeProperties[]) : [];
			const shows = [displayOptions, ...inside.map((option) => option.displayOptions)];
			for (const [key, values] of shows.flatMap((shown) => Object.entries(shown?.show ?? {}))) {
				// The same name may stand for one field of each kind, with its own options.
				const deciders = description.properties.filter(
					(property) => property.name === key.replace(/^\//, ''),
				);
				expect([name, deciders.flatMap(optionsOf)]).toEqual([
					name,
					expect.arrayContaining(values as unknown[]),
				]);
			}
		}
	});

	test('credentials that depend on parameters name ones that exist, with values that exist', () => {
		for (const { displayOptions } of description.credentials ?? []) {
			for (const [key, values] of Object.entries(displayOptions?.show ?? {})) {
				const decider = description.properties.find((property) => property.name === key);
				expect(optionsOf(decider)).toEqual(expect.arrayContaining(values as unknown[]));
			}
		}
	});

	test('may be used as a tool', () => {
		expect(description.usableAsTool).toBe(true);
	});
});

test.each(credentials.map((credential) => [credential.name, credential] as const))(
	'%s: field names are unique, and fields that depend on others name ones that exist',
	(_, { properties }) => {
		const names = properties.map((property) => property.name);
		expect(new Set(names).size).toBe(names.length);
		for (const { displayOptions } of properties) {
			for (const [name, values] of Object.entries(displayOptions?.show ?? {})) {
				const decider = properties.find((property) => property.name === name);
				expect(optionsOf(decider)).toEqual(expect.arrayContaining(values as unknown[]));
			}
		}
	},
);

test.each([
	'secretKey',
	'passphrase',
	'caCertificate',
	'clientCertificate',
	'clientKey',
	's3SecretAccessKey',
	's3SessionToken',
	'password',
])('%s is hidden', (name) => {
	const fields = credentials
		.flatMap(({ properties }) => properties)
		.filter((property) => property.name === name);
	expect(fields.length).toBeGreaterThan(0);
	for (const field of fields) expect(field.typeOptions?.password).toBe(true);
});

function optionsOf(property: INodeProperties | undefined): unknown[] {
	if (property?.type === 'boolean') return [true, false];
	return (property?.options ?? []).map((option) => ('value' in option ? option.value : option.name));
}
