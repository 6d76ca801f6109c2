/**
 * What differs between an archived container and one that exists now. Values of the environment are never shown, nor
 * those of labels that look like secrets. What is masked in the archive is compared by its name alone. Pure.
 */
import type { Fields } from '../../protocol/parse';
import { fieldsIn, listIn, nameOf, stringsIn, textIn, textsIn } from './inspected';
import { hidesSecret, masked, variable } from './masking';
import type { ContainerDifference } from './requests';

export function differencesOf(archived: Fields, now: Fields): ContainerDifference[] {
	const [before, after] = [factsOf(archived), factsOf(now)];
	const fields = [...new Set([...before.keys(), ...after.keys()])];
	return fields
		.map((field) => compared(field, before.get(field), after.get(field)))
		.filter((difference) => difference !== undefined)
		.toSorted((a, b) => (a.field < b.field ? -1 : 1));
}

/** `shown`: in the place of a value that is not to be seen. */
interface Fact {
	readonly value: string;
	readonly hidden: boolean;
}

function compared(
	field: string,
	before: Fact | undefined,
	after: Fact | undefined,
): ContainerDifference | undefined {
	if (before?.value === after?.value) return undefined;
	if (before && after && [before.value, after.value].includes(masked)) return undefined;
	const hidden = before?.hidden === true || after?.hidden === true;
	const shown = (fact: Fact | undefined, one: string) => (fact ? (hidden ? one : fact.value) : null);
	return {
		field,
		archived: shown(before, 'a value'),
		now: shown(after, before ? 'another value' : 'a value'),
	};
}

function factsOf(container: Fields): Map<string, Fact> {
	const facts = new Map<string, Fact>();
	const add = (field: string, value: unknown, hidden = false) => {
		const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
		if (!['', 'null', '0', 'false', '[]', '{}'].includes(text)) facts.set(field, { value: text, hidden });
	};
	const config = fieldsIn(container, 'Config');
	const hostConfig = fieldsIn(container, 'HostConfig');
	add('image', config['Image']);
	add('imageId', container['Image']);
	for (const name of [
		'Cmd',
		'Entrypoint',
		'User',
		'WorkingDir',
		'Healthcheck',
		'StopSignal',
		'StopTimeout',
		'Tty',
	])
		add(lower(name), config[name]);
	if (textIn(config, 'Hostname') !== textIn(container, 'Id').slice(0, 12))
		add('hostname', config['Hostname']);
	for (const line of stringsIn(config, 'Env')) {
		const { name, value } = variable(line);
		facts.set(`environment.${name}`, { value, hidden: true });
	}
	for (const [name, value] of Object.entries(textsIn(config, 'Labels'))) {
		if (!name.startsWith('n8n-nodes-docker-backup.')) add(`labels.${name}`, value, hidesSecret(name, value));
	}
	for (const name of hostSettings) add(lower(name), hostConfig[name]);
	const restart = fieldsIn(hostConfig, 'RestartPolicy');
	if (textIn(restart, 'Name') !== 'no') add('restartPolicy', restart);
	for (const [port, bindings] of Object.entries(fieldsIn(hostConfig, 'PortBindings'))) {
		const places = listIn({ bindings }, 'bindings').map((place) => {
			const address = textIn(place, 'HostIp');
			return `${address === '' ? '' : `${address}:`}${textIn(place, 'HostPort') || 'any'}`;
		});
		add(`ports.${port}`, places.join(', '));
	}
	for (const mount of listIn(container, 'Mounts')) {
		const source = textIn(mount, 'Type') === 'volume' ? volumeName(mount) : textIn(mount, 'Source');
		const readOnly = mount['RW'] === false ? ', read-only' : '';
		add(`mounts.${textIn(mount, 'Destination')}`, `${textIn(mount, 'Type')} ${source}${readOnly}`);
	}
	const networks = fieldsIn(fieldsIn(container, 'NetworkSettings'), 'Networks');
	for (const name of Object.keys(networks))
		add(`networks.${name}`, aliasesIn(container, fieldsIn(networks, name)));
	return facts;
}

const volumeName = (mount: Fields): string =>
	/^[0-9a-f]{64}$/.test(textIn(mount, 'Name')) ? 'without a name' : textIn(mount, 'Name');

const hostSettings = [
	'Privileged',
	'ReadonlyRootfs',
	'CapAdd',
	'CapDrop',
	'SecurityOpt',
	'Memory',
	'NanoCpus',
	'CpuShares',
	'Devices',
	'ExtraHosts',
	'Dns',
	'Tmpfs',
	'ShmSize',
	'Ulimits',
	'Sysctls',
	'GroupAdd',
	'AutoRemove',
];

const lower = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** Docker adds the container's own id to them, and its name. */
function aliasesIn(container: Fields, endpoint: Fields): string {
	const own = [textIn(container, 'Id').slice(0, 12), nameOf(container)];
	const aliases = stringsIn(endpoint, 'Aliases').filter((alias) => !own.includes(alias));
	return aliases.length === 0 ? 'attached' : `as ${aliases.toSorted().join(', ')}`;
}
