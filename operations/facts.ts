/** Facts as this side states them: numbered after what is there already, and signed where the repository has a key. */
import { formatFact } from '../engine/index';
import { BackupError } from '../protocol/errors';
import { ulidOf, type Evidence, type FactName, type StoredFact } from '../protocol/fact';
import { genuineFacts } from './catalog-entry';
import type { Keyring } from './keyring';
import type { OperationContext } from './settings';

const mostReasonLength = 500;

export interface Statement {
	readonly name: FactName;
	readonly job: string;
	readonly id: string;
	readonly reason: string;
	readonly objects?: readonly string[];
	readonly evidence?: Evidence;
	/** What was stated before. */
	readonly facts: readonly StoredFact[];
}

export interface Stated {
	/** ISO 8601 UTC. */
	readonly at: string;
	readonly stored: StoredFact;
}

/** Throws `key_missing` where it would count for nothing: unsigned in a repository that has a key. */
export function stateFact(
	{ name, job, id, reason, objects = [], evidence, facts }: Statement,
	keyring: Keyring,
	{ clock, random, workflow }: OperationContext,
): Stated {
	const signer = signerFor(keyring, id);
	const now = clock.now();
	const ulid = ulidOf(timeAfter(genuineFacts(facts, keyring).at(-1)?.ulid, now), random.bytes(10));
	const at = new Date(now).toISOString();
	const text = formatFact(
		{
			version: 1,
			fact: name,
			id,
			job,
			ulid,
			at,
			reason: requireReason(reason),
			objects,
			evidence: evidence ?? null,
			workflow,
		},
		signer,
	);
	return { at, stored: { job, id, name, ulid, text } };
}

/** Throws `invalid_parameter`. */
export function requireReason(reason: string): string {
	if (reason.length <= mostReasonLength) return reason;
	throw new BackupError('invalid_parameter', `the reason has ${reason.length} characters`, {
		hint: `Say it in at most ${mostReasonLength}.`,
	});
}

function signerFor({ current, publicKeys }: Keyring, id: string) {
	if (current) return current.signer;
	if (publicKeys.length === 0) return null;
	throw new BackupError(
		'key_missing',
		`what is stated about ${id} must be signed with this repository's key`,
		{
			hint: 'Set the encryption key or passphrase in the Backup Repository credential (CLI: --key-file or --passphrase-file).',
		},
	);
}

/** The newest of a hold and a release counts, whatever the clocks of those who stated them said. */
function timeAfter(newest: string | undefined, now: number): number {
	if (newest === undefined) return now;
	const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
	const stated = [...newest.slice(0, 10)].reduce((value, digit) => value * 32 + alphabet.indexOf(digit), 0);
	return Math.max(now, stated + 1);
}
