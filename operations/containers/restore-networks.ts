/**
 * The networks that a restored container is to be in: those that are missing are made as they were. Where the addresses
 * that one had are another network's by now, Docker chooses others, unless the container needs one of them.
 * Throws `invalid_parameter` for a network that is missing and may not be made.
 */
import type { DockerHost } from '../../docker/client';
import { findContainer } from '../../docker/create-container';
import { createNetwork, findNetwork, removeNetwork } from '../../docker/networks';
import { BackupError, toBackupError } from '../../protocol/errors';
import type { Fields } from '../../protocol/parse';
import type { TakenInNetwork } from './create-request';
import type { ContainerDocument } from './document';
import { fieldsIn, saying, stringsIn, textIn } from './inspected';
import type { NetworkChoice } from './requests';
import type { Undo } from './undo';

const builtIn = ['bridge', 'host', 'none', 'podman', 'nat'];

export interface NetworkPlan {
	/** On the host, by the name in the archive. */
	readonly names: ReadonlyMap<string, string>;
	/** To be made, by their names on the host. */
	readonly missing: readonly { readonly name: string; readonly network: Fields }[];
	/** By name on the host. */
	readonly taken: Readonly<Record<string, TakenInNetwork>>;
}

/** `except`: id of a container that gives way. */
export async function planNetworks(
	host: DockerHost,
	{ container, networks }: ContainerDocument,
	{ missing: whenMissing, rename }: NetworkChoice,
	except: string | null,
	signal: AbortSignal,
): Promise<NetworkPlan> {
	const names = new Map<string, string>();
	const missing: { name: string; network: Fields }[] = [];
	const taken: Record<string, TakenInNetwork> = {};
	for (const archived of Object.keys(fieldsIn(fieldsIn(container, 'NetworkSettings'), 'Networks'))) {
		const name = rename[archived] ?? archived;
		names.set(archived, name);
		if (builtIn.includes(name)) continue;
		const there = await findNetwork(host, name, signal);
		if (there) {
			taken[name] = await takenIn(host, there, name, except, signal);
			continue;
		}
		const network = networks.find((candidate) => textIn(candidate, 'Name') === archived);
		if (whenMissing === 'create' && network) missing.push({ name, network });
		else
			throw new BackupError('invalid_parameter', `network "${name}" does not exist on the docker host`, {
				hint: network
					? 'Create it, choose another one for it, or have missing networks made.'
					: 'Create it, or choose another one for it: the archive does not say how it was made.',
			});
	}
	return { names, missing, taken };
}

async function takenIn(
	host: DockerHost,
	network: Fields,
	name: string,
	except: string | null,
	signal: AbortSignal,
): Promise<TakenInNetwork> {
	const aliases: string[] = [];
	const addresses: string[] = [];
	for (const id of Object.keys(fieldsIn(network, 'Containers'))) {
		if (id === except) continue;
		const other = await findContainer(host, id, signal);
		const endpoint = fieldsIn(fieldsIn(fieldsIn(other ?? {}, 'NetworkSettings'), 'Networks'), name);
		aliases.push(...stringsIn(endpoint, 'Aliases'));
		addresses.push(textIn(endpoint, 'IPAddress'), textIn(endpoint, 'GlobalIPv6Address'));
	}
	return { aliases, addresses };
}

/** Names of those that were made; what had to be changed goes to `onWarning`. */
export async function makeNetworks(
	host: DockerHost,
	{ missing }: NetworkPlan,
	document: ContainerDocument,
	undo: Undo,
	onWarning: (warning: string) => void,
): Promise<string[]> {
	for (const { name, network } of missing) {
		const id = await makeNetwork(host, name, network, document, onWarning);
		undo.add(() => removeNetwork(host, id));
	}
	return missing.map(({ name }) => name);
}

async function makeNetwork(
	host: DockerHost,
	name: string,
	network: Fields,
	{ container }: ContainerDocument,
	onWarning: (warning: string) => void,
): Promise<string> {
	const body = bodyOf(network);
	try {
		return await createNetwork(host, name, body);
	} catch (error) {
		const { message } = toBackupError(error);
		const attached = fieldsIn(fieldsIn(container, 'NetworkSettings'), 'Networks');
		const hasAddress =
			Object.keys(fieldsIn(fieldsIn(attached, textIn(network, 'Name')), 'IPAMConfig')).length > 0;
		if (!/overlap/i.test(message) || hasAddress) throw error;
		onWarning(`network "${name}" gets other addresses than it had: those are another network's`);
		const { IPAM: _, ...others } = body;
		return await createNetwork(host, name, others);
	}
}

/** Its own settings, without what the daemon decided. */
export function bodyOf(network: Fields): Fields {
	const ipam = fieldsIn(network, 'IPAM');
	const flags = ['Internal', 'Attachable', 'Ingress', 'EnableIPv6', 'ConfigOnly'];
	const labels = fieldsIn(network, 'Labels');
	const made = {
		...Object.fromEntries(flags.map((flag) => [flag, network[flag] === true])),
		...(textIn(network, 'Scope') === 'swarm' && { Scope: 'swarm' }),
		...(textIn(fieldsIn(network, 'ConfigFrom'), 'Network') !== '' && { ConfigFrom: network['ConfigFrom'] }),
	};
	return {
		...made,
		...saying({
			Driver: textIn(network, 'Driver'),
			Options: fieldsIn(network, 'Options'),
			Labels: labels,
			IPAM: saying({
				Driver: textIn(ipam, 'Driver'),
				Options: fieldsIn(ipam, 'Options'),
				Config: ipam['Config'],
			}),
		}),
	};
}
