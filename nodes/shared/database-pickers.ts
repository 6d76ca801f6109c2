/** Lists of containers, and of the databases in them, in volumes and in directories, for the editor. */
import type { ILoadOptionsFunctions, INodeListSearchResult, INodePropertyOptions } from 'n8n-workflow';
import { listContainers, listDatabases, listSqliteFiles } from '../../operations';
import { fieldsOf, type Fields } from './fields';
import { hostSettings } from './host-settings';
import { briefContext } from './operation-context';
import { limitMs, matches, shown } from './pickers';
import { placeOfType } from './place';
import { postgresServer } from './postgres-login';
import { formatBytes } from './progress';

/** Those that run Postgres first, each with its image; the others and stopped ones say so. */
export async function searchContainers(
	this: ILoadOptionsFunctions,
	filter = '',
): Promise<INodeListSearchResult> {
	return await shown(this, async () => {
		const containers = await listContainers(briefContext(limitMs), await host(this));
		const results = containers.map(({ name, image, running, postgres }) => {
			const facts = [image, ...(running ? [] : ['stopped']), ...(postgres ? [] : ['not known as Postgres'])];
			return { name: `${name} · ${facts.join(', ')}`, value: name };
		});
		return { results: results.filter(({ name }) => matches(name, filter)) };
	});
}

/** Databases of the server that the node's other parameters choose. */
export async function getDatabases(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return await shown(this, async () => {
		const server = await postgresServer(current(this), (type) => this.getCredentials(type));
		const databases = await listDatabases(briefContext(limitMs), await host(this), server);
		return databases.map(({ name, sizeBytes }) => ({
			name,
			value: name,
			description: formatBytes(sizeBytes),
		}));
	});
}

/** SQLite databases in the place that the node's other parameters choose. */
export async function getSqliteFiles(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return await shown(this, async () => {
		const parameters = current(this);
		const type = parameters.oneOf('placeType', 'Where', ['volume', 'directory'], 'volume');
		const place = placeOfType(type, parameters);
		const files = await listSqliteFiles(briefContext(limitMs), await host(this), place);
		return files.map(({ path, size, journalMode }) => ({
			name: path,
			value: path,
			description: `${formatBytes(size)}, ${journalMode === 'wal' ? 'WAL' : 'rollback journal'}`,
		}));
	});
}

function current(functions: ILoadOptionsFunctions): Fields {
	return fieldsOf((name) => functions.getCurrentNodeParameter(name));
}

const host = async (functions: ILoadOptionsFunctions) =>
	hostSettings(await functions.getCredentials('dockerHostApi'));
