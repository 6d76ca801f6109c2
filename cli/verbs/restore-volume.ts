/** `restore volume`: from an archive into new Docker volumes. */
import { restoreVolumes } from '../../operations/index';
import { dockerFlags, hostOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { idOrJob } from '../flags/selection';
import { duration, entriesOf, size } from '../output/figures';
import { printable } from '../output/layout';
import { usage } from '../parse-arguments';
import { defineVerb } from '../verb';

const placeholder = '{volume}';

export const restoreVolume = defineVerb({
	name: 'restore volume',
	operands: 'ID|--job JOB',
	summary: 'Restore volumes of a backup into new Docker volumes',
	details: [
		'The new volume is checked while it is written; when anything is wrong it is removed again. An existing volume is never touched.',
		'An archive of several volumes is restored whole with a --to that holds {volume}, which stands for each name.',
	],
	flags: [
		repositoryFlag,
		{ name: 'to', value: 'NAME', help: 'Name of the new volume' },
		{ name: 'job', value: 'JOB', help: 'The newest good backup of this job, instead of an ID' },
		{ name: 'volume', value: 'NAME', repeatable: true, help: 'Only this volume of the archive' },
		...keyFlags,
		{ name: 'allow-unsigned', help: 'Accept a record without signature though the repository has a key' },
		repositoryIdFlag,
		...dockerFlags,
	],
	required: ['repository', 'to'],
	examples: [
		'docker-backup restore volume nightly-20260131T030000Z-1f2e --to app_data_restored \\',
		'  --repository /srv/backups --key-file /root/backup.key',
		'docker-backup restore volume --job nightly --to "restored_{volume}" --repository volume:backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		const selection = idOrJob(operands, flags.job, (job) => ({ by: 'latest', job }));
		const repository = await repositoryOf(flags, shell, false);
		const host = await hostOf(flags, shell);
		const { record, volumes, entries, bytes, durationMs } = await restoreVolumes(
			shell.context,
			host,
			repository,
			{
				selection,
				volumes: flags.volume,
				nameFor: namesFrom(flags.to ?? ''),
				allowUnsigned: flags['allow-unsigned'],
			},
		);
		const figures = `${entriesOf(entries)}, ${size(bytes)}, ${duration(durationMs)}`;
		const lines = volumes.map(
			({ source, volume }) => `ok      ${printable(source)} restored to volume ${printable(volume)}\n`,
		);
		return {
			document: { id: record.id, volumes, entries, bytes, durationMs, record },
			text: `${lines.join('')}        from ${record.id}: ${figures}\n`,
		};
	},
});

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
