/**
 * From an archived inspection to what the daemon is asked to make: the same command, settings, mounts, networks, labels,
 * ports, restart policy and health check, without what belonged to that one container alone: its id as host name and
 * alias, hardware addresses, addresses that Docker had chosen. Pure. Throws `invalid_parameter` naming masked variables
 * that were not given.
 */
import { BackupError } from '../../protocol/errors';
import type { Fields } from '../../protocol/parse';
import type { ArchivedMount, ContainerDocument } from './document';
import { fieldsIn, listIn, nameOf, saying, stringsIn, textIn, textsIn } from './inspected';
import { masked, variable } from './masking';
import { mountsOf } from './mounts';

export interface CreateOptions {
	readonly name: string;
	/** Reference or id. */
	readonly image: string;
	readonly environment: Readonly<Record<string, string>>;
	/** Values that are missing are then told only. */
	readonly dryRun: boolean;
	/** The volume or host path that a mount gets. */
	readonly placeOf: (mount: ArchivedMount) => string;
	readonly networkFor: (name: string) => string;
	readonly ports: 'archived' | 'any' | 'none';
	/** Aliases and addresses that others in a network have, by its name on the host. */
	readonly taken: Readonly<Record<string, TakenInNetwork>>;
	/** Id of the record. */
	readonly restoredFrom: string;
}

export interface TakenInNetwork {
	readonly aliases: readonly string[];
	readonly addresses: readonly string[];
}

export interface CreateRequest {
	readonly body: Fields;
	/** To be joined before the start, beside the first, which the body has. */
	readonly networks: readonly { readonly name: string; readonly endpoint: Fields }[];
	readonly warnings: readonly string[];
}

export function createRequest(document: ContainerDocument, options: CreateOptions): CreateRequest {
	const { container } = document;
	const warnings: string[] = [];
	const config = fieldsIn(container, 'Config');
	const id = textIn(container, 'Id');
	const { Hostname: hostname, MacAddress: _mac, Volumes: _volumes, ...kept } = config;
	const named = hostname === id.slice(0, 12) ? {} : { Hostname: hostname };
	const { first, others } = networksFor(document, options, warnings);
	const labels = labelsFor(document, options, warnings);
	const body: Fields = {
		...saying({ ...kept, ...named }),
		Image: options.image,
		Env: environmentFor(document, options, warnings),
		Labels: { ...labels, 'n8n-nodes-docker-backup.restored-from': options.restoredFrom },
		HostConfig: hostConfigFor(document, options, first?.name, warnings),
		...(first && { NetworkingConfig: { EndpointsConfig: { [first.name]: first.endpoint } } }),
	};
	return { body, networks: others, warnings };
}

function environmentFor(
	{ container, masked: { environment } }: ContainerDocument,
	{ environment: given, dryRun }: CreateOptions,
	warnings: string[],
): string[] {
	const lines = stringsIn(fieldsIn(container, 'Config'), 'Env').map(variable);
	const isMissing = ({ name, value }: { name: string; value: string }) =>
		value === masked && environment.includes(name) && given[name] === undefined;
	const missing = lines.filter(isMissing).map(({ name }) => name);
	if (missing.length > 0) {
		const message = `the archive leaves out the values of ${missing.join(', ')}, and none are given`;
		if (dryRun) warnings.push(message);
		else
			throw new BackupError('invalid_parameter', message, {
				hint: 'They were masked as secrets when it was made: give each as NAME=value of the environment.',
			});
	}
	const archived = lines.map(({ name, value }) => [name, given[name] ?? value] as const);
	const all = new Map([...archived, ...Object.entries(given)]);
	return [...all].map(([name, value]) => `${name}=${value}`);
}

/** What would make others take it for theirs: a Swarm, a runner's reaper, a Compose project under another name. */
const neverKept = /^(com\.docker\.(swarm|stack)\.|n8n-nodes-docker-backup\.)/;
const composes = /^com\.docker\.compose\./;

function labelsFor(
	{ container, masked: { labels: maskedLabels } }: ContainerDocument,
	{ name }: CreateOptions,
	warnings: string[],
): Record<string, string> {
	const isSame = nameOf(container) === name;
	const labels = Object.entries(textsIn(fieldsIn(container, 'Config'), 'Labels'));
	const left = labels.filter(([key, value]) => maskedLabels.includes(key) && value === masked);
	if (left.length > 0)
		warnings.push(`labels whose values were masked are left out: ${left.map(([key]) => key).join(', ')}`);
	return Object.fromEntries(
		labels.filter(
			([key, value]) =>
				!neverKept.test(key) &&
				!(value === masked && maskedLabels.includes(key)) &&
				(isSame || !composes.test(key)),
		),
	);
}

/** Told by the daemon, or made anew. */
const notAsked = ['Binds', 'Mounts', 'VolumesFrom', 'ContainerIDFile', 'ConsoleSize', 'Isolation', 'Links'];

function hostConfigFor(
	document: ContainerDocument,
	options: CreateOptions,
	network: string | undefined,
	warnings: string[],
): Fields {
	const {
		container,
		masked: { logOptions },
	} = document;
	const hostConfig = fieldsIn(container, 'HostConfig');
	const kept = Object.fromEntries(Object.entries(hostConfig).filter(([name]) => !notAsked.includes(name)));
	const shared = (mode: string) =>
		mode.replace(/^container:(.+)$/, (_whole, id: string) => `container:${document.containers[id] ?? id}`);
	const modes = Object.fromEntries(
		['NetworkMode', 'IpcMode', 'PidMode'].map((mode) => [mode, shared(textIn(hostConfig, mode))]),
	);
	const log = fieldsIn(hostConfig, 'LogConfig');
	const logKept = Object.entries(textsIn(log, 'Config')).filter(([, value]) => value !== masked);
	if (logOptions.length > 0)
		warnings.push(`options of its log that were masked are left out: ${logOptions.join(', ')}`);
	return saying({
		...kept,
		...modes,
		...(network !== undefined && { NetworkMode: network }),
		...mountsFor(document, options, warnings),
		...(textIn(log, 'Type') !== '' && {
			LogConfig: { Type: textIn(log, 'Type'), Config: Object.fromEntries(logKept) },
		}),
		Links: stringsIn(hostConfig, 'Links').map(linkOf),
		PortBindings: portsFor(fieldsIn(hostConfig, 'PortBindings'), options.ports),
		...(options.ports === 'none' && { PublishAllPorts: false }),
	});
}

/** `/other:/web/alias` → `other:alias` */
function linkOf(link: string): string {
	const [from = '', to = ''] = link.split(':');
	return `${from.replace(/^\//, '')}:${to.slice(to.lastIndexOf('/') + 1)}`;
}

function portsFor(bindings: Fields, ports: CreateOptions['ports']): Fields {
	if (ports === 'archived') return bindings;
	if (ports === 'none') return {};
	const anyPort = (port: string) =>
		listIn(bindings, port).map((binding) => ({ HostIp: textIn(binding, 'HostIp'), HostPort: '' }));
	return Object.fromEntries(Object.keys(bindings).map((port) => [port, anyPort(port)]));
}

function mountsFor(
	{ container, mounts }: ContainerDocument,
	options: CreateOptions,
	warnings: string[],
): { readonly Mounts: readonly Fields[]; readonly Binds: readonly string[] } {
	const asked = listIn(fieldsIn(container, 'HostConfig'), 'Mounts');
	const asBinds = stringsIn(fieldsIn(container, 'HostConfig'), 'Binds');
	const made: Fields[] = asked.filter((mount) => !['volume', 'bind'].includes(textIn(mount, 'Type')));
	const binds: string[] = [];
	for (const mount of mountsOf(container)) {
		const destination = textIn(mount, 'Destination');
		const archived = mounts.find((candidate) => candidate.destination === destination);
		const type = textIn(mount, 'Type');
		if (!archived || (type !== 'volume' && type !== 'bind')) continue;
		const source = options.placeOf(archived);
		const readOnly = archived.readOnly;
		const before = asked.find((candidate) => textIn(candidate, 'Target') === destination);
		if (archived.type === 'volume' && archived.name === null)
			warnings.push(`volume "${source}" at ${destination} is not in the archive: what the host has is used`);
		// Of volumes the daemon itself says `z`, whatever was asked.
		const relabel = asBinds.find(
			(bind) => bind.split(':')[1] === destination && /:([^:]*,)?[zZ](,[^:]*)?$/.test(bind),
		);
		if (relabel !== undefined) {
			// Labels of SELinux can be asked for in this form only.
			binds.push(`${source}:${destination}:${relabel.split(':')[2] ?? ''}`);
			continue;
		}
		const propagation = textIn(mount, 'Propagation');
		const bindOptions = saying({
			...fieldsIn(before ?? {}, 'BindOptions'),
			...(propagation !== '' && { Propagation: propagation }),
		});
		made.push({
			Type: type,
			Source: source,
			Target: destination,
			ReadOnly: readOnly,
			...(type === 'volume'
				? // Its content is what the archive holds, also when that is nothing.
					{
						VolumeOptions: saying({
							...fieldsIn(before ?? {}, 'VolumeOptions'),
							DriverConfig: null,
							Labels: null,
							NoCopy: true,
						}),
					}
				: { BindOptions: bindOptions }),
		});
	}
	return { Mounts: made, Binds: binds };
}

const builtIn = ['default', 'bridge', 'host', 'none', 'nat', 'podman'];

interface Endpoint {
	readonly name: string;
	readonly endpoint: Fields;
}

function networksFor(
	{ container, networks }: ContainerDocument,
	options: CreateOptions,
	warnings: string[],
): { readonly first: Endpoint | undefined; readonly others: readonly Endpoint[] } {
	const mode = textIn(fieldsIn(container, 'HostConfig'), 'NetworkMode');
	const attached = fieldsIn(fieldsIn(container, 'NetworkSettings'), 'Networks');
	const primary = networks.find((network) => textIn(network, 'Id') === mode);
	const primaryName = primary ? textIn(primary, 'Name') : mode;
	const endpoints = Object.keys(attached).map((archivedName) => {
		const name = options.networkFor(archivedName);
		return {
			archivedName,
			name,
			endpoint: builtIn.includes(name) ? {} : endpointFor(container, archivedName, name, options, warnings),
		};
	});
	// With these Docker itself knows where a container belongs.
	const isBuiltIn = builtIn.includes(primaryName) || primaryName.startsWith('container:');
	if (isBuiltIn)
		return {
			first: undefined,
			others: endpoints.filter(({ archivedName }) => !builtIn.includes(archivedName)),
		};
	const own = endpoints.find(({ archivedName }) => archivedName === primaryName);
	const first = own ?? { name: options.networkFor(primaryName), endpoint: {} };
	return { first, others: endpoints.filter((endpoint) => endpoint !== own) };
}

function endpointFor(
	container: Fields,
	archivedName: string,
	name: string,
	{ taken, name: containerName }: CreateOptions,
	warnings: string[],
): Fields {
	const attached = fieldsIn(fieldsIn(fieldsIn(container, 'NetworkSettings'), 'Networks'), archivedName);
	const others = taken[name] ?? { aliases: [], addresses: [] };
	const ownId = textIn(container, 'Id').slice(0, 12);
	const wanted = stringsIn(attached, 'Aliases').filter(
		(alias) => alias !== ownId && (alias !== nameOf(container) || alias === containerName),
	);
	const lost = wanted.filter((alias) => others.aliases.includes(alias));
	if (lost.length > 0)
		warnings.push(`in network "${name}" others have the aliases ${lost.join(', ')}: it comes without them`);
	const ipam = fieldsIn(attached, 'IPAMConfig');
	const addresses = ['IPv4Address', 'IPv6Address'].map((key) => textIn(ipam, key)).filter((ip) => ip !== '');
	const clash = addresses.filter((address) => others.addresses.includes(address));
	if (clash.length > 0)
		warnings.push(`in network "${name}" others have the address ${clash.join(', ')}: it gets another one`);
	return saying({
		Aliases: wanted.filter((alias) => !lost.includes(alias)),
		...(clash.length === 0 && { IPAMConfig: ipam }),
		Links: stringsIn(attached, 'Links').map(linkOf),
		DriverOpts: fieldsIn(attached, 'DriverOpts'),
		...(typeof attached['GwPriority'] === 'number' &&
			attached['GwPriority'] !== 0 && { GwPriority: attached['GwPriority'] }),
	});
}
