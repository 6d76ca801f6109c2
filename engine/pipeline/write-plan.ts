/** One planned archive, of whatever kind, as its sealed, unpublished objects. */
import { BackupError, joinErrors, toBackupError } from '../../protocol/errors';
import type { ArchivePlan, BackupJob, KeysFrame } from '../../protocol/job';
import type { Engine } from '../environment';
import { failureOf } from '../repository/outcomes';
import { snapshot } from '../sources/sqlite';
import { writeArchive, type SealedArchive } from './archive';
import { wholeImages } from './check-images';
import type { WarningList } from './warnings';
import { writeWholeContent } from './whole-content';

export interface PlanOptions {
	readonly warnings: WarningList;
	/** Of the content, where it is known before. */
	readonly bytesTotal: number | null;
	onSourceRead(): void;
}

export async function writePlan(
	engine: Engine,
	job: BackupJob,
	plan: ArchivePlan,
	keys: KeysFrame,
	options: PlanOptions,
): Promise<SealedArchive> {
	const { warnings, bytesTotal, onSourceRead } = options;
	switch (plan.kind) {
		case 'volume':
		case 'container':
			return await writeArchive(engine, job, plan, keys, warnings, bytesTotal, onSourceRead);
		case 'postgres':
		case 'image':
			return await writeFed(engine, job, plan, keys, options);
		case 'sqlite':
			return await writeSnapshot(engine, job, plan, keys, options);
	}
}

/** Content that the orchestrator streams. */
async function writeFed(
	engine: Engine,
	job: BackupJob,
	plan: ArchivePlan,
	keys: KeysFrame,
	{ warnings, onSourceRead }: PlanOptions,
): Promise<SealedArchive> {
	const feed = engine.conversation.feed(plan.id);
	try {
		const content = feed.content();
		return await writeWholeContent(engine, job, plan, keys, {
			content: plan.kind === 'image' ? wholeImages(content, () => feed.ending().description) : content,
			describe: () => {
				const { description, warnings: told } = feed.ending();
				for (const warning of told) warnings.add(warning);
				return description;
			},
			expectedBytes: plan.expectedBytes,
			onSourceRead,
		});
	} catch (error) {
		feed.abandon();
		throw error;
	}
}

async function writeSnapshot(
	engine: Engine,
	job: BackupJob,
	plan: ArchivePlan,
	keys: KeysFrame,
	{ warnings, onSourceRead }: PlanOptions,
): Promise<SealedArchive> {
	const { signal } = engine.conversation;
	const [source] = plan.sources;
	if (!source) throw new BackupError('protocol_violation', `${plan.id} names no database file`);
	if (job.scratch === null)
		throw new BackupError(
			'protocol_violation',
			`there is no scratch folder for the snapshot of ${source.name}`,
		);
	const taken = await snapshot(source, { scratch: job.scratch, busyLimitMs: job.busyLimitMs, signal });
	const { content, expectedBytes } = taken;
	const describe = () => taken.description();
	try {
		const archive = await writeWholeContent(engine, job, plan, keys, {
			content,
			describe,
			expectedBytes,
			onSourceRead,
		});
		const left = await failureOf(taken.close());
		// The scratch folder goes with the runner.
		if (left !== undefined)
			warnings.add({ code: 'scratch_left', message: toBackupError(left).message, path: null });
		return archive;
	} catch (error) {
		throw joinErrors(error, await failureOf(taken.close()));
	}
}
