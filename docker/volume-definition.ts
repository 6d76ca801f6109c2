/**
 * A volume as it must be made to be the same again: driver, options, labels. Options may hold passwords (of a CIFS
 * share, of a cloud driver's store); whatever looks like one is left out here, so that it gets into no record and no
 * workflow's data.
 */
import type { VolumeDefinition } from '../protocol/record';
import type { Volume } from './volumes';

export interface CapturedVolume {
	/** Null: a plain local volume, with neither options nor labels. */
	readonly definition: VolumeDefinition | null;
	/** Names of the options and labels that were left out, as `o=password` where they are mount options. */
	readonly masked: readonly string[];
}

/** The driver's own, and that its content may be thrown away, which a restored volume must not say. */
const notKept = /^(n8n-nodes-docker-backup\.|com\.docker\.volume\.anonymous$)/;

export function capture({
	driver,
	options,
	labels,
}: Pick<Volume, 'driver' | 'options' | 'labels'>): CapturedVolume {
	const ofOptions = withoutSecrets(options);
	const ofLabels = withoutSecrets(
		Object.fromEntries(Object.entries(labels).filter(([name]) => !notKept.test(name))),
	);
	const definition = { driver, options: ofOptions.kept, labels: ofLabels.kept };
	const masked = [...ofOptions.masked, ...ofLabels.masked];
	const isEmpty = (pairs: object) => Object.keys(pairs).length === 0;
	const isPlain = driver === 'local' && isEmpty(definition.options) && isEmpty(definition.labels);
	return { definition: isPlain && masked.length === 0 ? null : definition, masked };
}

/** For showing: the options as they are, but for what looks like a secret. */
export function shownOptions(options: Volume['options']): Record<string, string> {
	return withoutSecrets(options).kept;
}

/** `password2`, `s3-secret-access-key`, `token`, `ssh_key`; not `compass` or `monkey`. */
const secretName =
	/(^|[^a-z])(pass|pwd|pw|pin|key|sas)([^a-z]|$)|pass(word|wd|phrase|code)|secret|token|credential|(api|access|private|account|encryption|shared)key/i;
/** They name a file or an account, not the secret itself. */
const notSecret = /(file|path|[-_.]id)$/i;

/** Whether this is the name of a secret, as far as names tell. */
export function isSecret(name: string, value: string): boolean {
	if (!secretName.test(name) || notSecret.test(name)) return false;
	// Of mount.cifs: the file that holds them.
	return !(name.toLowerCase() === 'credentials' && value.startsWith('/'));
}

/** `//user:word@host`, `scheme://user:word@host` */
const inAddress = /(\/\/[^/@:\s]*):[^/@\s]+@/g;

export const withoutPasswords = (text: string): string => text.replace(inAddress, '$1@');

function withoutSecrets(pairs: Readonly<Record<string, string>>): {
	readonly kept: Record<string, string>;
	readonly masked: readonly string[];
} {
	const masked: string[] = [];
	const kept: [string, string][] = [];
	for (const [name, value] of inOrder(Object.entries(pairs))) {
		if (isSecret(name, value)) {
			masked.push(name);
			continue;
		}
		const options = mountOptions(name, value, masked);
		const shown = withoutPasswords(options);
		if (shown !== options) masked.push(`${name} (the password in its address)`);
		kept.push([name, shown]);
	}
	return { kept: Object.fromEntries(kept), masked };
}

/** Of `o`: a list as mount takes it, `addr=10.0.0.1,username=me,password=…`; mount.cifs knows `username=me%…` too. */
function mountOptions(name: string, text: string, masked: string[]): string {
	const kept: string[] = [];
	for (const part of text.split(',')) {
		const [, key = '', value = ''] = /^\s*([^=]*?)\s*=(.*)$/s.exec(part) ?? [];
		if (isSecret(key, value)) {
			masked.push(`${name}=${key}`);
		} else if (/^user(name)?$/i.test(key) && value.includes('%')) {
			masked.push(`${name}=${key} (the password in it)`);
			kept.push(part.slice(0, part.indexOf('%')));
		} else {
			kept.push(part);
		}
	}
	return kept.join(',');
}

/** By name, so that one volume always gives one text. */
const inOrder = (pairs: readonly [string, string][]) => [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));
