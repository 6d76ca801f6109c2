/** From the values of quiesce-options.ts to what the operations take. Throws `invalid_parameter`. */
import {
	BackupError,
	quiesceDefaults,
	type ContainerCommand,
	type DockerEndpoint,
	type QuiesceRequest,
} from '../../operations';
import type { Fields } from './fields';

/** `livesOn`: as `livesOnOf` tells. */
export function quiesceOf(parameters: Fields, livesOn: readonly string[]): QuiesceRequest {
	const options = parameters.group('quiesceOptions', 'Quiesce Options');
	const mode = parameters.oneOf('quiesce', 'Quiesce Containers', ['none', 'pause', 'stop'], 'none');
	const which = parameters.oneOf('quiesceWhich', 'Which Containers', ['using', 'named', 'labelled'], 'using');
	const seconds = (name: string, label: string, least: number, otherwiseMs: number) =>
		options.whole(name, label, least, otherwiseMs / 1000) * 1000;
	return {
		mode,
		which,
		containers:
			mode !== 'none' && which === 'named' ? someOf(parameters, 'quiesceContainers', 'Container Names') : [],
		labels:
			mode !== 'none' && which === 'labelled' ? someOf(parameters, 'quiesceLabels', 'Container Labels') : [],
		except: options.names('except', 'Containers to Leave Alone'),
		guard: options.flag('guard', 'Guard', true),
		downtimeLimitMs:
			options.whole(
				'downtimeLimit',
				'Maximum Downtime (Minutes)',
				1,
				quiesceDefaults.downtimeLimitMs / 60_000,
			) * 60_000,
		waitMs: seconds('wait', 'Wait for Another Backup (Seconds)', 0, quiesceDefaults.waitMs),
		healthLimitMs: seconds('healthLimit', 'Wait for Health (Seconds)', 0, quiesceDefaults.healthLimitMs),
		before: options.groups('before', 'command', 'Commands Before').map(commandOf),
		after: options.groups('after', 'command', 'Commands After').map(commandOf),
		livesOn,
	};
}

function someOf(parameters: Fields, name: string, label: string): string[] {
	const names = parameters.names(name, label);
	if (names.length > 0) return names;
	throw new BackupError('invalid_parameter', `"${label}" is empty`, {
		hint: 'Name at least one, or choose those that use the data.',
	});
}

function commandOf(fields: Fields): ContainerCommand {
	const [program, ...rest] = fields.lines('command', 'Command');
	if (program === undefined) throw new BackupError('invalid_parameter', '"Command" is empty');
	const user = fields.text('user', 'User');
	return {
		container: fields.required('container', 'Container'),
		command: [program, ...rest],
		...(user !== '' && { user }),
		limitMs:
			fields.whole('timeLimit', 'Time Limit (Seconds)', 1, quiesceDefaults.commandLimitMs / 1000) * 1000,
		onFailure: fields.oneOf('onFailure', 'On Failure', ['fail', 'continue'], 'fail'),
	};
}

/**
 * What n8n itself needs to run, by host name: its database, its queue, and the way to Docker. Stopping one of these
 * would stop the backup with it. `environment`: n8n's own.
 */
export function livesOnOf(
	endpoint: DockerEndpoint,
	environment: Readonly<Record<string, string | undefined>>,
): string[] {
	const {
		DB_POSTGRESDB_HOST: database = '',
		QUEUE_BULL_REDIS_HOST: queue = '',
		QUEUE_BULL_REDIS_CLUSTER_NODES: cluster = '',
	} = environment;
	const docker = endpoint.type === 'tcp' ? endpoint.host : '';
	const nodes = cluster.split(',').map((node) => node.replace(/:\d*$/, ''));
	return [database, queue, ...nodes, docker].map((name) => name.trim()).filter((name) => name !== '');
}
