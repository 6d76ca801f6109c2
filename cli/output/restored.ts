/** What a restore did, or would do, for people; and the error of one that could not save everything. */
import { BackupError, type BackupRecord, type Replaced, type RestoreReport } from '../../operations/index';
import { count, duration, entriesOf, size } from './figures';
import { printable } from './layout';

export interface Restored {
	readonly record: BackupRecord;
	readonly report: RestoreReport;
	readonly durationMs: number;
	/** Undefined where nothing that exists is replaced. */
	readonly replaced?: Replaced;
	/** Each volume of the archive, and where it went in words. */
	readonly places: readonly { readonly source: string; readonly place: string }[];
}

const lostShown = 20;

export function restoredText({ record, report, durationMs, places, replaced }: Restored): string {
	const { dryRun, lost, lostEntries } = report;
	const figures = [entriesOf(report.entries), size(report.bytes), ...(dryRun ? [] : [duration(durationMs)])];
	const lines = [
		...places.map(({ source, place }) =>
			dryRun
				? `would restore ${printable(source)} to ${printable(place)}: ${planned(report, source)}`
				: `ok      ${printable(source)} restored to ${printable(place)}`,
		),
		`        from ${record.id}: ${figures.join(', ')}`,
		...replacement(report, replaced).map((line) => `        ${line}`),
		...privileges(report).map((line) => `        ${line}`),
		...(dryRun && !report.plan.fits ? ['        there is not enough space'] : []),
		...lost.slice(0, lostShown).map(({ path, reason }) => `lost    ${printable(path)}: ${printable(reason)}`),
		...(lostEntries > lostShown ? [`        and ${count(lostEntries - lostShown)} more are lost`] : []),
	];
	return lines.map((line) => `${line}\n`).join('');
}

/** Undefined when nothing was lost. */
export function lossOf({ record, report: { lostEntries } }: Restored): BackupError | undefined {
	if (lostEntries === 0) return undefined;
	return new BackupError('archive_tampered', `${entriesOf(lostEntries)} of ${record.id} could not be saved`, {
		hint: 'The archive is damaged: look for another copy or an older backup of what is missing.',
	});
}

function replacement({ dryRun, plan }: RestoreReport, replaced: Replaced | undefined): string[] {
	if (replaced?.over !== 'overwrite') return [];
	const { containersStopped, containersStarted, safetyBackup, previousContentRemoved } = replaced;
	const named = (names: readonly string[]) => names.map(printable).join(', ');
	if (dryRun) {
		const used = plan.targets.reduce((sum, { usedBytes }) => sum + (usedBytes ?? 0), 0);
		return [
			`would replace ${size(used)} that are there now`,
			...(containersStopped.length > 0
				? [`would stop and start again: ${named(containersStopped)}`]
				: ['no container uses it now']),
		];
	}
	return [
		...(safetyBackup === null ? [] : [`backed up before as ${safetyBackup}`]),
		...(previousContentRemoved ? [] : ['some of the previous content could not be removed']),
		...(containersStopped.length > 0 ? [`stopped: ${named(containersStopped)}`] : []),
		...(containersStarted.length > 0 ? [`started again: ${named(containersStarted)}`] : []),
	];
}

function planned({ plan }: RestoreReport, source: string): string {
	const target = plan.targets.find((candidate) => candidate.source === source);
	if (!target) return 'nothing';
	return `${size(target.freeBytes)} free, ${entriesOf(target.entriesNow)} there now`;
}

function privileges({ plan, devices, privileged }: RestoreReport): string[] {
	const what = [
		...(devices ? [`${count(devices)} device ${devices === 1 ? 'node' : 'nodes'}`] : []),
		...(privileged
			? [`the special rights of ${count(privileged)} ${privileged === 1 ? 'file' : 'files'}`]
			: []),
	];
	if (what.length === 0) return [];
	return [`${what.join(' and ')} ${plan.keepsPrivileges ? 'kept' : 'left out'}`];
}
