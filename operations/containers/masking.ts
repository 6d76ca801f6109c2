/**
 * Secrets of a container: kept out of its archive on request. What is masked is replaced by a marker, and a restore
 * knows by it what it must be given again. Pure.
 */
import { isSecret, withoutPasswords } from '../../docker/volume-definition';
import type { Fields } from '../../protocol/parse';
import { fieldsIn, stringsIn, textsIn } from './inspected';
import type { Mask } from './requests';

export const masked = '(masked by docker-backup)';

export interface Masked {
	readonly container: Fields;
	/** Names of what was masked. */
	readonly environment: readonly string[];
	readonly labels: readonly string[];
	readonly logOptions: readonly string[];
}

/** `container`: its inspection. `own`: the environment of its image, which is no secret of the container. */
export function maskContainer(container: Fields, mask: Mask, own: Readonly<Record<string, string>>): Masked {
	if (mask === 'none') return { container, environment: [], labels: [], logOptions: [] };
	const config = fieldsIn(container, 'Config');
	const hostConfig = fieldsIn(container, 'HostConfig');
	const logConfig = fieldsIn(hostConfig, 'LogConfig');
	const environment: string[] = [];
	const lines = stringsIn(config, 'Env').map((line) => {
		const { name, value } = variable(line);
		const isMasked = mask === 'environment' ? own[name] !== value : hidesSecret(name, value);
		if (!isMasked || value === '') return line;
		environment.push(name);
		return `${name}=${masked}`;
	});
	const labels = maskPairs(textsIn(config, 'Labels'));
	const logOptions = maskPairs(textsIn(logConfig, 'Config'));
	return {
		container: {
			...withoutHealthLog(container),
			Config: { ...config, Env: lines, Labels: labels.pairs },
			HostConfig: { ...hostConfig, LogConfig: { ...logConfig, Config: logOptions.pairs } },
		},
		environment,
		labels: labels.names,
		logOptions: logOptions.names,
	};
}

/** A name alone has no value. */
export function variable(line: string): { readonly name: string; readonly value: string } {
	const end = line.indexOf('=');
	return end < 0 ? { name: line, value: '' } : { name: line.slice(0, end), value: line.slice(end + 1) };
}

/** By its name, or for a password in an address. */
export const hidesSecret = (name: string, value: string): boolean =>
	isSecret(name, value) || withoutPasswords(value) !== value;

function maskPairs(pairs: Readonly<Record<string, string>>) {
	const names = Object.keys(pairs).filter((name) => hidesSecret(name, pairs[name] ?? ''));
	const kept = Object.entries(pairs).map(([name, value]) => [name, names.includes(name) ? masked : value]);
	return { names, pairs: Object.fromEntries(kept) as Record<string, string> };
}

/** What its health check printed. */
function withoutHealthLog(container: Fields): Fields {
	const state = fieldsIn(container, 'State');
	if (!state['Health']) return container;
	return { ...container, State: { ...state, Health: { ...fieldsIn(state, 'Health'), Log: [] } } };
}
