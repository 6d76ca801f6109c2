/** `restore volume`: from an archive into new Docker volumes, or over one that exists. */
import { restoreVolumes } from '../../operations/index';
import { dockerFlags, hostOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { overwriteFlags, overwriteOf } from '../flags/overwrite';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence, versionsFlag } from '../flags/s3';
import { recreateFlags, recreateOf } from '../flags/recreate';
import { restoreFlags, wayOf } from '../flags/restore';
import { idOrJob } from '../flags/selection';
import { lossOf, restoredText } from '../output/restored';
import { printable } from '../output/layout';
import { usage } from '../parse-arguments';
import { defineVerb } from '../verb';

const placeholder = '{volume}';

export const restoreVolume = defineVerb({
	name: 'restore volume',
	operands: 'ID|--job JOB',
	summary: 'Restore volumes of a backup into new Docker volumes',
	details: [
		'The new volume is checked while it is written; when anything is wrong it is removed again. An existing volume is touched only with --into, which restores below a new directory of it, or with --overwrite.',
		'With --overwrite, what the volume holds is replaced once the new content is whole beside it; containers that use it are stopped and started again. --to is then the name that the volume has in the archive, unless given.',
		'A volume that gets its name back is made with the driver, options and labels that it had; under another name it is a plain local one.',
		'An archive of several volumes is restored whole with a --to that holds {volume}, which stands for each name.',
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		{
			name: 'to',
			value: 'NAME',
			help: 'Name of the new volume; of the existing one with --overwrite or --into',
		},
		{ name: 'job', value: 'JOB', help: 'The newest good backup of this job, instead of an ID' },
		{ name: 'volume', value: 'NAME', repeatable: true, help: 'Only this volume of the archive' },
		...restoreFlags,
		...overwriteFlags,
		...recreateFlags,
		...keyFlags,
		{ name: 'allow-unsigned', help: 'Accept a record without signature though the repository has a key' },
		repositoryIdFlag,
		...s3Flags,
		versionsFlag,
		...dockerFlags,
	],
	required: ['repository'],
	examples: [
		'docker-backup restore volume nightly-20260131T030000Z-1f2e --to app_data_restored \\',
		'  --repository /srv/backups --key-file /root/backup.key',
		'docker-backup restore volume --job nightly --to "restored_{volume}" --repository volume:backups --key-file /root/backup.key',
		'docker-backup restore volume --job nightly --volume app_data --overwrite --confirm app_data \\',
		'  --safety-backup before-restore --repository volume:backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		const selection = idOrJob(operands, flags.job, (job) => ({ by: 'latest', job }));
		const overwriting = overwriteOf(flags);
		const nameFor = targetNames(flags.to, flags.overwrite);
		const repository = await repositoryOf(flags, shell, false);
		const host = await hostOf(flags, shell);
		const { record, volumes, durationMs, ...report } = await restoreVolumes(shell.context, host, repository, {
			selection,
			volumes: flags.volume,
			nameFor,
			allowUnsigned: flags['allow-unsigned'],
			...wayOf(flags),
			...overwriting,
			recreate: recreateOf(flags),
		});
		const below = flags.into === undefined ? '' : `, below ${flags.into}`;
		const places = volumes.map(({ source, volume }) => ({ source, place: `volume ${volume}${below}` }));
		const restored = { record, report, durationMs, places, replaced: report };
		const { recreated, warnings } = report;
		const more = [
			...recreated.map((name) => `        volume ${printable(name)} with its driver, options and labels`),
			...warnings.map((warning) => `warning ${printable(warning)}`),
		];
		return {
			document: { id: record.id, volumes, ...report, durationMs, record },
			text: restoredText(restored) + more.map((line) => `${line}\n`).join(''),
			error: lossOf(restored),
		};
	},
});

function targetNames(to: string | undefined, overwrite: boolean): (source: string) => string {
	if (to !== undefined) return namesFrom(to);
	if (overwrite) return (source) => source;
	throw usage('restore volume needs --to');
}

/** Without the placeholder there is one name, so a second volume is refused before anything is made. */
export function namesFrom(to: string): (source: string) => string {
	let named: string | undefined;
	return (source) => {
		if (to.includes(placeholder)) return to.replaceAll(placeholder, () => source);
		if (named !== undefined) {
			throw usage(
				`the archive holds several volumes, but --to names one (${to})`,
				`Choose one with --volume, or write --to "${to}_${placeholder}".`,
			);
		}
		named = source;
		return to;
	};
}
