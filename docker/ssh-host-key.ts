/**
 * Whether a host key is the one that was expected. What is expected is a text, line by line:
 *
 *   SHA256:…                     a fingerprint, also as `ssh-keygen -l` prints it
 *   ssh-ed25519 AAAA…            a public key, as in /etc/ssh/ssh_host_ed25519_key.pub
 *   host,[host]:port ssh-… AAAA… a line of known_hosts or ssh-keyscan: names with * and ?, hashed names,
 *                                `!name`, `@revoked`; lines for other hosts count for nothing
 *
 * Empty lines and comments are skipped. Authorities (`@cert-authority`) are not known here. Throws
 * `invalid_parameter` for a text in which nothing is any of these.
 */
import { createHash, createHmac } from 'node:crypto';
import { BackupError } from '../protocol/errors';

export type HostKeyVerdict = 'expected' | 'other' | 'unknown' | 'revoked';

export interface ExpectedHostKeys {
	/** Types of the keys that are known by more than a fingerprint, e.g. `ssh-ed25519`. */
	readonly types: readonly string[];
	/** `other`: something is known of this host, but not this key. `key`: as it comes over the wire. */
	judge(key: Buffer): HostKeyVerdict;
}

interface Host {
	readonly host: string;
	readonly port: number;
}

type Line =
	| { readonly fingerprint: string }
	| { readonly key: string; readonly names: string | null; readonly marker: string | undefined };

export function expectedHostKeys(text: string, host: Host): ExpectedHostKeys {
	const lines = text.split(/\r?\n/).map((line) => line.trim());
	const written = lines.filter((line) => line !== '' && !line.startsWith('#'));
	const read = written.map(parseLine).filter((line) => line !== undefined);
	if (read.length === 0 && written.length > 0) {
		throw new BackupError('invalid_parameter', `nothing in the host key for ${host.host} can be read`, {
			hint: 'Write its fingerprint (SHA256:…), or lines as ssh-keyscan prints them.',
		});
	}
	const fingerprints = read.flatMap((line) => ('fingerprint' in line ? [line.fingerprint] : []));
	const ofHost = read.filter((line) => 'key' in line).filter(({ names }) => isFor(names, host));
	const keysOf = (marker?: string) =>
		ofHost.filter((line) => line.marker === marker).map(({ key }) => Buffer.from(key, 'base64'));
	const [keys, revoked] = [keysOf(), keysOf('@revoked')];
	return {
		types: [...new Set(keys.map(typeOf))],
		judge(key) {
			if (revoked.some((each) => each.equals(key))) return 'revoked';
			if (fingerprints.includes(fingerprintOf(key)) || keys.some((each) => each.equals(key))) {
				return 'expected';
			}
			return fingerprints.length + keys.length > 0 ? 'other' : 'unknown';
		},
	};
}

/** As OpenSSH prints it: `SHA256:` and base64 without padding. */
export function fingerprintOf(key: Buffer): string {
	return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a key begins with; '?' for what is no key. */
export function typeOf(key: Buffer): string {
	const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
	const type = key.toString('latin1', 4, 4 + length);
	return /^[a-z0-9@.-]{1,64}$/.test(type) ? type : '?';
}

const keyType = /^(?:ssh|ecdsa|sk)-[a-z0-9@.-]+$/;
const base64 = /^[A-Za-z0-9+/]+=*$/;

function parseLine(line: string): Line | undefined {
	const words = line.split(/\s+/);
	const fingerprint = /^(?:\d+\s+)?(SHA256:[A-Za-z0-9+/]{43})=?(?:\s|$)/.exec(line)?.[1];
	if (fingerprint !== undefined) return { fingerprint };
	const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
	const names = keyType.test(words[0] ?? '') && base64.test(words[1] ?? '') ? null : (words.shift() ?? '');
	const [type = '', key = ''] = words;
	return keyType.test(type) && base64.test(key) ? { key, names, marker } : undefined;
}

/** `names` null: a key without a name is for whom it was given. */
function isFor(names: string | null, { host, port }: Host): boolean {
	if (names === null) return true;
	const lower = host.toLowerCase();
	// As OpenSSH looks: with its port, and then any key of the machine.
	const called = port === 22 ? [lower] : [`[${lower}]:${port}`, lower];
	const patterns = names.split(',');
	const matches = (pattern: string) => called.some((name) => isNamed(pattern, name));
	const refused = patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1)));
	return !refused && patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern));
}

function isNamed(pattern: string, name: string): boolean {
	const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(pattern) ?? [];
	if (salt !== undefined && hash !== undefined) {
		return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
	}
	const expression = pattern
		.toLowerCase()
		.replace(/[.+^${}()|[\]\\]/g, '\\$&')
		.replaceAll('*', '.*')
		.replaceAll('?', '.');
	return new RegExp(`^${expression}$`).test(name);
}
