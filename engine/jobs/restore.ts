/**
 * Restore: learns what is to be written where, says so, looks whether it fits, and only then writes: into a place of
 * its own first, which becomes the target's content when all of it is right. Targets stay as they were otherwise.
 * Where content is to be replaced, it says `ready` again after its plan, and waits for a second
 * `go`: until then nobody needs to stop.
 */
import { BackupError, joinErrors } from '../../protocol/errors';
import { parseGoFrame, type RestoreJob } from '../../protocol/job';
import type { Engine } from '../environment';
import { archiveParts, type Archive } from '../pipeline/archive-parts';
import { checkContent } from '../pipeline/check-content';
import { progressTeller } from '../pipeline/progress';
import { requireEntries, volumeNames } from '../pipeline/record-files';
import { keepsPrivileges, planRestore, type RestoreWork } from '../pipeline/restore-work';
import { failureOf } from '../repository/outcomes';
import { requireGnuTar } from '../sources/gnu-tar';
import { hasLeftovers, recover, requireSettled } from '../targets/recover';
import { measureTargets, targetFull, tooSmall, wiped, type MeasuredTarget } from '../targets/space';
import type { Replacement } from '../targets/swap';
import { chooseTargets, type TargetStrategy } from '../targets/target';
import { volumeFiles } from '../targets/volume-files';
import { requireHarmless } from '../targets/wipe';
import { meetRepository } from './meet';

export async function restore(job: RestoreJob, engine: Engine): Promise<void> {
	const { conversation } = engine;
	await requireGnuTar();
	await meetRepository(engine);
	conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
	const [archive] = parseGoFrame(await conversation.receive('go')).archives;
	if (!archive) throw new BackupError('protocol_violation', 'the restore names no archive');
	requireEntries(archive.record);
	const replaces = job.over !== 'empty';
	const replacement = replacementOf(archive, engine);
	const strategy = chooseTargets(job, replacement);
	await strategy.check();
	if (job.into !== '') for (const target of job.targets) await requireSettled(target, replacement);
	const work = await planRestore(job, archive, engine, strategy.onePlace);
	if (job.over === 'wipe' && !job.dryRun) await requireSound(archive, engine);
	const { needs, devices, privileged, lost, lostEntries } = work;
	const targets = await measureTargets(job.targets, replaces);
	const full = noRoom(job, targets, work);
	conversation.say({
		event: 'plan',
		targets: targets.map(({ path: _path, device: _device, ...target }) => target),
		entries: needs.entries,
		bytes: needs.bytes,
		devices,
		privileged,
		keepsPrivileges: keepsPrivileges(job),
		fits: full === undefined,
	});
	for (const entry of lost) conversation.say({ event: 'lost', ...entry });
	if (job.dryRun) return conversation.say({ event: 'done', entries: needs.entries, bytes: needs.bytes });
	// What an interrupted restore left takes room until it is finished.
	if (full && !(replaces && (await hasLeftovers(job.targets, replacement)))) throw full;
	if (replaces) {
		conversation.say({ event: 'ready', seq: 0, staleRuns: [] });
		await conversation.receive('go');
		for (const target of job.targets) await recover(target, replacement);
		const stillFull = noRoom(job, await measureTargets(job.targets, true), work);
		if (stillFull) throw stillFull;
	}
	const done = await write(work, strategy);
	conversation.say({
		event: 'extracted',
		devices: done.devices,
		privileged: done.privileged,
		lost: lostEntries,
	});
	conversation.say({ event: 'done', entries: done.entries, bytes: done.bytes });
}

async function write(work: RestoreWork, strategy: TargetStrategy): ReturnType<RestoreWork['extract']> {
	try {
		await strategy.prepare();
		const figures = await work.extract(strategy);
		await strategy.finish();
		return figures;
	} catch (error) {
		throw joinErrors(error, await failureOf(strategy.abandon()));
	}
}

function replacementOf({ record }: Archive, { conversation, clock }: Engine): Replacement {
	return {
		files: volumeFiles,
		archive: record.id,
		now: () => clock.now(),
		onWarning: (message) =>
			conversation.say({ event: 'warning', code: 'previous_content_left', message, path: null }),
	};
}

function noRoom(
	{ over }: RestoreJob,
	targets: readonly MeasuredTarget[],
	{ needs }: RestoreWork,
): BackupError | undefined {
	const full = tooSmall(over === 'wipe' ? wiped(targets) : targets, needs);
	if (!full) return undefined;
	if (over !== 'swap') return targetFull(full, needs);
	const hint = 'Old and new content must fit beside each other: free space there, or have it wiped first.';
	return targetFull(full, needs, hint);
}

/** Before what is there goes, every byte of what is to come was read, and nothing in it will be refused later. */
async function requireSound(archive: Archive, engine: Engine): Promise<void> {
	const { record, key } = archive;
	const { clock, conversation } = engine;
	const tell = progressTeller(clock, (event) => conversation.say(event));
	const archiveKey = key === null ? null : Buffer.from(key, 'base64');
	await checkContent(engine, record, archiveKey, (bytesRead) =>
		tell(() => ({ id: record.id, bytesRead, bytesWritten: 0, entries: 0 })),
	);
	const volumes = volumeNames(record);
	const index = await archiveParts(archive, engine).index();
	// Documents of ours stand beside the volumes of a container, and are not restored.
	const all = record.kind === 'container' ? 'volumes' : '';
	const entriesUnder = (_folder: string | Buffer, signal?: AbortSignal) => index.entriesUnder(all, signal);
	await requireHarmless({ entriesUnder }, volumes, record.id, conversation.signal);
}
