/**
 * The fields that say which Postgres server a node means and how it logs in there, and their reading. A password
 * comes from the credential alone, and with it the user, host and port: no parameter, which a workflow's data may
 * set, can send it to another server; the credential may be bound to one container. Throws `invalid_parameter`.
 */
import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';
import { BackupError, type PostgresServer } from '../../operations';
import { fieldsIn, type Fields } from './fields';

type Shown = NonNullable<IDisplayOptions['show']>;

/** `shown`: what must hold for the fields to be visible. */
export function postgresServerFields(shown: Shown = {}): INodeProperties[] {
	const when = Object.keys(shown).length > 0 && { displayOptions: { show: shown } };
	return [
		{
			displayName: 'Container',
			name: 'container',
			type: 'resourceLocator',
			default: { mode: 'list', value: '' },
			required: true,
			...when,
			description: 'The container on the Docker host in which the Postgres server runs',
			modes: [
				{
					displayName: 'From List',
					name: 'list',
					type: 'list',
					placeholder: 'Choose a container…',
					typeOptions: { searchListMethod: 'searchContainers', searchable: true },
				},
				{ displayName: 'By Name', name: 'name', type: 'string', placeholder: 'e.g. shop-db-1' },
			],
		},
		{
			displayName: 'Log In As',
			name: 'logInAs',
			type: 'options',
			noDataExpression: true,
			options: [
				{
					name: "The Container's Own User",
					value: 'container',
					description: 'Over the socket inside the container, where the usual images ask for no password',
				},
				{
					name: 'User of a Credential',
					value: 'credential',
					description: 'User, password, host and port then all come from the credential',
				},
			],
			default: 'container',
			...when,
		},
	];
}

const own = { '/logInAs': ['container'] };

/** For the collection "Options". */
export const loginOptions = {
	port: {
		displayName: 'Port',
		name: 'port',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: 65535 },
		default: 5432,
		displayOptions: { show: own },
		description: "Of the server inside the container, when it is not the container's PGPORT or 5432",
	},
	user: {
		displayName: 'User',
		name: 'user',
		type: 'string',
		default: '',
		placeholder: 'e.g. postgres',
		displayOptions: { show: own },
		description: "Who logs in. Empty means the container's POSTGRES_USER, or else postgres.",
	},
} as const satisfies Record<string, INodeProperties>;

/** `credential`: gives the data of the node's credential of a type; asked only where one is to be used. */
export async function postgresServer(
	parameters: Fields,
	credential: (type: string) => Promise<unknown>,
): Promise<PostgresServer> {
	const container = parameters.required(
		'container',
		'Container',
		'Choose a container from the list or give its name.',
	);
	if (parameters.oneOf('logInAs', 'Log In As', ['container', 'credential'], 'container') === 'credential')
		return withLogin(container, await credential('postgresLoginApi'));
	const options = parameters.group('options', 'Options');
	return {
		container,
		user: options.text('user', 'User') || null,
		password: null,
		host: null,
		port: port(options),
	};
}

/** A user and a password are taken as they are: spaces may belong to them. */
function withLogin(container: string, data: unknown): PostgresServer {
	const login = fieldsIn(data, 'Postgres Login');
	const only = login.text('container', 'Only in Container');
	if (only !== '' && only !== container) {
		throw new BackupError(
			'invalid_parameter',
			`the Postgres Login credential is for container "${only}" only, not for "${container}"`,
			{ hint: 'Choose that container by its name, or another credential.' },
		);
	}
	return {
		container,
		user: login.text('user', 'User', { exact: true }) || null,
		password: login.text('password', 'Password', { exact: true }) || null,
		host: login.text('host', 'Host') || null,
		port: port(login),
	};
}

const mostPort = 65_535;

/** Null when there is none, or 0. */
function port(fields: Fields): number | null {
	if (fields.text('port', 'Port') === '') return null;
	const value = fields.whole('port', 'Port', 0, 0);
	if (value <= mostPort) return value || null;
	throw new BackupError('invalid_parameter', `"Port" is ${value}, and ports end at ${mostPort}`, {
		hint: 'Usually it is 5432.',
	});
}
