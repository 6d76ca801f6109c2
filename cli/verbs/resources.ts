/** `resources …`: the containers, volumes and images of a Docker host, and the volumes that no backup holds. */
import {
	listContainerResources,
	listImageResources,
	listUnprotectedVolumes,
	listVolumeResources,
	type HostSettings,
	type LookIn,
} from '../../operations/index';
import { dockerFlags, hostOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { repositoryFlag, repositoryIdFlag, repositoryOf, type RepositoryValues } from '../flags/repository';
import { anonymousFlag, filterFlags, filterOf, parseAge, sizesFlag } from '../flags/resources';
import { s3Flags, s3Sentence } from '../flags/s3';
import { noOperands } from '../flags/selection';
import { containersTable, imagesTable, volumesTable } from '../output/resources';
import { defineVerb, type Flag, type Shell } from '../verb';

export const resourcesContainers = defineVerb({
	name: 'resources containers',
	operands: '',
	summary: 'List the containers of a Docker host',
	details: ['All of them, running or not; --json tells also their labels, mounts and networks.'],
	flags: [...filterFlags, ...dockerFlags],
	required: [],
	examples: ['docker-backup resources containers --project shop'],
	async run({ operands, flags }, shell) {
		noOperands(operands);
		const containers = await listContainerResources(
			shell.context,
			await hostOf(flags, shell),
			filterOf(flags),
		);
		return { document: { containers }, text: containersTable(containers) };
	},
});

export const resourcesImages = defineVerb({
	name: 'resources images',
	operands: '',
	summary: 'List the images of a Docker host',
	details: ['A name is that of one of its tags, with or without the tag.'],
	flags: [...filterFlags, ...dockerFlags],
	required: [],
	examples: ['docker-backup resources images --name "postgres:*"'],
	async run({ operands, flags }, shell) {
		noOperands(operands);
		const images = await listImageResources(shell.context, await hostOf(flags, shell), filterOf(flags));
		return { document: { images }, text: imagesTable(images) };
	},
});

const repositoryFlags = [
	repositoryFlag,
	...keyFlags,
	repositoryIdFlag,
	...s3Flags,
	...dockerFlags,
] as const satisfies readonly Flag[];

const elsewhere = 'A directory as repository is one on the Docker host.';

export const resourcesVolumes = defineVerb({
	name: 'resources volumes',
	operands: '',
	summary: 'List the volumes of a Docker host, and who uses them',
	details: ['With --repository also when each was last backed up into it.', elsewhere, s3Sentence],
	flags: [...filterFlags, anonymousFlag, sizesFlag, ...repositoryFlags],
	required: [],
	examples: [
		'docker-backup resources volumes --sizes',
		'docker-backup resources volumes --repository /srv/backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		noOperands(operands);
		const host = await hostOf(flags, shell);
		const request = { filter: filterOf(flags), sizes: flags.sizes, anonymous: flags.anonymous };
		const lookIn = flags.repository === undefined ? null : await lookInOf(flags, host, shell);
		const volumes = await listVolumeResources(shell.context, host, request, lookIn);
		return { document: { volumes }, text: volumesTable(volumes) };
	},
});

export const resourcesUnprotected = defineVerb({
	name: 'resources unprotected',
	operands: '',
	summary: 'List the volumes that no backup of a repository holds',
	details: [
		'Only sound backups count: successful, signed where the repository has a key, of this host by its name.',
		'The volume of the repository itself is left out.',
		elsewhere,
		s3Sentence,
	],
	flags: [
		...filterFlags,
		{ name: 'max-age', value: 'AGE', help: 'An older backup does not count, e.g. 26h or 7d' },
		anonymousFlag,
		sizesFlag,
		...repositoryFlags,
	],
	required: ['repository'],
	examples: [
		'docker-backup resources unprotected --max-age 26h --repository volume:backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		noOperands(operands);
		const host = await hostOf(flags, shell);
		const age = flags['max-age'];
		const request = {
			filter: filterOf(flags),
			sizes: flags.sizes,
			anonymous: flags.anonymous,
			maxAgeMs: age === undefined ? null : parseAge('max-age', age),
		};
		const lookIn = await lookInOf(flags, host, shell);
		const volumes = await listUnprotectedVolumes(shell.context, host, request, lookIn);
		return { document: { volumes }, text: volumesTable(volumes, 'every volume is protected') };
	},
});

/** What is asked about is a Docker host, so a directory is one there; only S3 needs no runner. */
async function lookInOf(flags: RepositoryValues, host: HostSettings, shell: Shell): Promise<LookIn> {
	const repository = await repositoryOf(flags, shell, false);
	const isRemote = repository.location.type === 's3';
	return { repository, where: isRemote ? { type: 'process' } : { type: 'runner', host } };
}
