/**
 * A login at a Postgres server that runs in a container. It is used inside that container, so it can't be tested
 * before a node says which one.
 */
import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

// eslint-disable-next-line n8n-nodes-base/cred-class-field-documentation-url-missing, @n8n/community-nodes/credential-test-required -- there is no page on the web to name yet; and no container to test it in
export class PostgresLoginApi implements ICredentialType {
	name = 'postgresLoginApi';

	displayName = 'Postgres Login API';

	icon: Icon = { light: 'file:postgresLogin.svg', dark: 'file:postgresLogin.dark.svg' };

	properties: INodeProperties[] = [
		{
			displayName:
				'The login is used inside the container that a node names. It is tried when a node uses it: the list of databases in Dump Postgres is a quick test.',
			name: 'usedInside',
			type: 'notice',
			default: '',
		},
		{
			displayName: 'User',
			name: 'user',
			type: 'string',
			default: 'postgres',
			description:
				"Needs to read all that is dumped: the superuser, or a member of pg_read_all_data. Empty means the container's POSTGRES_USER.",
		},
		{
			displayName: 'Password',
			name: 'password',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description: 'Handed to the tools in the container by their environment, and kept nowhere',
		},
		{
			displayName: 'Host',
			name: 'host',
			type: 'string',
			default: '',
			placeholder: 'e.g. 127.0.0.1',
			description: 'As the container reaches the server. Empty means its socket.',
		},
		{
			displayName: 'Port',
			name: 'port',
			type: 'number',
			typeOptions: { minValue: 0, maxValue: 65535 },
			default: 0,
			description: "0 means the container's PGPORT, or else 5432",
		},
		{
			displayName: 'Only in Container',
			name: 'container',
			type: 'string',
			default: '',
			placeholder: 'e.g. shop-db-1',
			description:
				'When set, nodes that name another container are refused, so that nothing in a workflow can send this password elsewhere',
		},
	];
}
