/**
 * Evidence of a look at an archive as a signed fact of its repository (`verified`). What it found counts whether or
 * not it can be kept: a repository that is read only, or whose key is not here, is a reason that is told, not a
 * failure of the look.
 */
import { BackupError, toBackupError } from '../protocol/errors';
import type { DrillCheckResult, Evidence } from '../protocol/fact';
import { emptyGo } from '../protocol/job';
import { stateFact } from './facts';
import { receiveCatalog } from './list-records';
import { runJob } from './run-job';
import { selectOne } from './select';
import type { OperationContext, RepositorySettings, Where } from './settings';

const mostChecks = 200;
const mostCharacters = 500;
/** A fact has at most 64 KiB. */
const mostBytes = 48 << 10;

/** Of everything that was looked at, as much as a fact holds: what failed before what did not, in its order. */
export function evidenceOf(
	{ level, pass, durationMs }: Pick<Evidence, 'level' | 'pass' | 'durationMs'>,
	checks: readonly DrillCheckResult[],
): Evidence {
	const short = checks.map(({ name, pass: passed, expected, actual }) => ({
		name: cut(name),
		pass: passed,
		expected: cut(expected),
		actual: cut(actual),
	}));
	const kept = new Set<DrillCheckResult>();
	let bytes = 0;
	for (const check of [...short.filter((each) => !each.pass), ...short.filter((each) => each.pass)]) {
		bytes += Buffer.byteLength(JSON.stringify(check)) + 1;
		if (kept.size === mostChecks || bytes > mostBytes) break;
		kept.add(check);
	}
	return {
		level,
		pass,
		durationMs,
		checks: short.filter((check) => kept.has(check)),
		checksOmitted: short.length - kept.size,
	};
}

function cut(text: string): string {
	return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters - 1).toWellFormed()}…`;
}

export interface Noted {
	/** ISO 8601 UTC: when it was stated; null when it could not be kept. */
	readonly at: string | null;
	/** Why it is not in the repository; null: it is. */
	readonly notKept: string | null;
}

/** Throws only when the operation was cancelled. */
export async function noteEvidence(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	id: string,
	evidence: Evidence,
): Promise<Noted> {
	try {
		return { at: await note(context, where, repository, id, evidence), notKept: null };
	} catch (thrown) {
		context.signal.throwIfAborted();
		return { at: null, notKept: toBackupError(thrown).message };
	}
}

async function note(
	context: OperationContext,
	where: Where,
	repository: RepositorySettings,
	id: string,
	evidence: Evidence,
): Promise<string> {
	const work = {
		job: { verb: 'note', id },
		role: 'repository',
		writesRepository: true,
		labelledJob: null,
	} as const;
	const existing = { ...repository, mayCreate: false };
	return await runJob(context, where, existing, work, async (session, { keyring }) => {
		const { entries, facts } = await receiveCatalog(session, 'ready', keyring);
		const { job, deleting } = selectOne(entries, { by: 'id', id }, keyring);
		if (deleting) throw new BackupError('record_not_found', `${id} is being deleted`);
		const { at, stored } = stateFact(
			{ name: 'verified', job, id, reason: '', evidence, facts },
			keyring,
			context,
		);
		session.send('go', { ...emptyGo, facts: [stored] });
		await session.next('noted');
		await session.next('done');
		return at;
	});
}
