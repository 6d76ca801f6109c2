/** `restore container`: a container made again from its archive, with its volumes and networks. */
import { restoreContainer as restore, type RestoreContainerOutcome } from '../../operations/index';
import { dockerFlags, hostOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { environmentFile, pairsOf } from '../flags/pairs';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence, versionsFlag } from '../flags/s3';
import { idOrSeries, wholeNumber } from '../flags/selection';
import { duration } from '../output/figures';
import { printable } from '../output/layout';
import { usage } from '../parse-arguments';
import { defineVerb } from '../verb';

const ports = ['archived', 'any', 'none'] as const;
const defaultStartSeconds = 120;

export const restoreContainer = defineVerb({
	name: 'restore container',
	operands: 'ID|--job JOB',
	summary: 'Make a container again from its backup',
	details: [
		'Its volumes come first, checked whole, then networks that are missing, then the container with the same settings, mounts, labels and ports. What was made is removed again when anything fails.',
		'Volumes that exist must be empty, unless --keep-existing says to use them as they are; with --suffix the restored ones get other names. A container that has the name gives way only with --replace; it is kept until the new one runs.',
		'What it mounts of the host itself must be there: restore directory extracts it from the archive, if it was archived.',
		'With --dry-run it says what would be made, and how the archived container differs from the one that exists.',
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		{ name: 'job', value: 'JOB', help: 'The newest good backup of this job, instead of an ID' },
		{ name: 'series', value: 'SERIES', help: 'With --job: which of its series, e.g. container:web' },
		{ name: 'name', value: 'NAME', help: 'Another name for the container; default its own' },
		{ name: 'volume', value: 'NAME=OTHER', repeatable: true, help: 'Another name for this volume' },
		{ name: 'suffix', value: 'TEXT', help: 'Put behind the names of all other volumes, e.g. --suffix=-copy' },
		{ name: 'keep-existing', help: 'Use volumes that exist as they are' },
		{
			name: 'network',
			value: 'NAME=OTHER',
			repeatable: true,
			help: 'Another network instead of this one',
		},
		{ name: 'no-create-networks', help: 'Refuse when a network is missing, instead of making it' },
		{
			name: 'ports',
			value: 'archived|any|none',
			help: 'Ports on the host; any: free ones; default archived',
		},
		{
			name: 'image-from-archive',
			help: 'Load an image that is missing from the archive of the same run, instead of pulling it',
		},
		{
			name: 'environment',
			value: 'FILE',
			help: 'Variables as NAME=VALUE lines, instead of the archived ones',
		},
		{ name: 'replace', value: 'NAME', help: 'Replace the container that has the name, typed once more' },
		{ name: 'start', help: 'Start it, and wait until it runs' },
		{
			name: 'start-limit',
			value: 'SECONDS',
			help: `How long it may take to become healthy; default ${defaultStartSeconds}`,
		},
		{ name: 'dry-run', help: 'Only say what would be done' },
		...keyFlags,
		{ name: 'allow-unsigned', help: 'Accept a record without signature though the repository has a key' },
		repositoryIdFlag,
		...s3Flags,
		versionsFlag,
		...dockerFlags,
	],
	required: ['repository'],
	examples: [
		'docker-backup restore container web-web-20260131T030000Z-1f2e --start --repository /srv/backups --key-file /root/backup.key',
		'docker-backup restore container --job web --series container:web --name web-copy --suffix=-copy --ports any --start \\',
		'  --repository volume:backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		const selection = idOrSeries(operands, flags.job, flags.series);
		const port = ports.find((known) => known === (flags.ports ?? 'archived'));
		if (port === undefined)
			throw usage(`--ports ${JSON.stringify(flags.ports)} is not one of ${ports.join(', ')}`);
		const limit = flags['start-limit'] ?? String(defaultStartSeconds);
		const request = {
			selection,
			allowUnsigned: flags['allow-unsigned'],
			name: flags.name ?? null,
			volumes: { rename: pairsOf('volume', flags.volume), suffix: flags.suffix ?? '' },
			keepExisting: flags['keep-existing'],
			environment: await environmentFile(flags.environment, shell),
			networks: {
				missing: flags['no-create-networks'] ? 'refuse' : 'create',
				rename: pairsOf('network', flags.network),
			},
			ports: port,
			image: flags['image-from-archive'] ? 'archive' : 'pull',
			replace: flags.replace === undefined ? null : { confirm: flags.replace },
			start: flags.start,
			startLimitMs: wholeNumber('start-limit', limit, 0, 86_400) * 1000,
			dryRun: flags['dry-run'],
		} as const;
		const repository = await repositoryOf(flags, shell, false);
		const host = await hostOf(flags, shell);
		const outcome = await restore(shell.context, host, repository, request);
		return { document: { id: outcome.record.id, ...outcome }, text: textOf(outcome) };
	},
});

function textOf(outcome: RestoreContainerOutcome): string {
	const { record, container, volumes, networksCreated, replaced, differences, dryRun } = outcome;
	const lines = [
		dryRun
			? `would make ${printable(container.name)} from ${record.id}`
			: `ok      ${printable(container.name)}${container.started ? ', started' : ''}`,
		...(dryRun ? [] : [`        from ${record.id}, ${duration(outcome.durationMs)}`]),
		`        image ${printable(outcome.image.reference)} (${outcome.image.from})`,
		...volumes.map(
			({ type, place, destination, action }) =>
				`        ${type} ${printable(place)} at ${printable(destination)}: ${action}`,
		),
		...networksCreated.map((name) => `        network ${printable(name)}: created`),
		...outcome.portsTaken.map((port) => `        port ${printable(port)}`),
		...(replaced && dryRun ? ['        the container that has this name would have to be replaced'] : []),
		...(replaced && !dryRun
			? [
					`        ${replaced.name === null ? 'replaced' : `replaced; the old one is ${printable(replaced.name)}`}`,
				]
			: []),
		...(differences ?? []).map(
			({ field, archived, now }) =>
				`        differs: ${printable(field)}: archived ${shown(archived)}, now ${shown(now)}`,
		),
		...outcome.warnings.map((warning) => `        warning: ${printable(warning)}`),
	];
	return lines.map((line) => `${line}\n`).join('');
}

const shown = (text: string | null): string => (text === null ? 'nothing' : printable(text));
