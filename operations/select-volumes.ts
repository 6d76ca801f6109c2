/**
 * Which volumes a backup means: by their names, or by what they are on the host at that moment. Throws
 * `volume_not_found` when that is none, naming what was looked for, and `invalid_parameter`.
 */
import type { DockerHost } from '../docker/client';
import { isAnonymous, placesOf } from '../docker/volumes';
import { BackupError } from '../protocol/errors';
import { nameGlob } from './name-glob';
import { hasLabels, projectsOf } from './resources-filter';
import type { RepositoryLocation } from './settings';
import { takeInventory, type InventoriedVolume, type VolumeInventory } from './volume-inventory';
import { holdsRepository } from './volume-sources';

/** `except`: names, with `*` and `?`, of volumes to leave out. */
export type VolumeChoice = { readonly except?: readonly string[] } & (
	| { readonly by: 'name'; readonly names: readonly string[] }
	/** Volumes with all of these labels (`key` or `key=value`), and the named volumes of containers with them. */
	| { readonly by: 'label'; readonly labels: readonly string[] }
	/** Volumes of these Compose projects, and the named volumes that their containers use. */
	| { readonly by: 'project'; readonly projects: readonly string[] }
	/** All named volumes. */
	| { readonly by: 'all' }
);

/** What users write on volumes and containers. */
export const selectionLabels = {
	/** `true` chooses it; `false` on a volume leaves it out of every choice but one by name. */
	enable: 'docker-backup.enable',
	/** Only this job's choice by label takes it. */
	job: 'docker-backup.job',
} as const;

export interface ChoosingFor {
	readonly job: string;
	readonly repository: RepositoryLocation;
}

/** The names; a choice by name is not looked up, others never hold the repository's own volume or one of ours. */
export async function selectVolumes(
	docker: DockerHost,
	choice: VolumeChoice,
	purpose: ChoosingFor,
	signal: AbortSignal,
): Promise<string[]> {
	if (choice.by !== 'name') return chooseVolumes(choice, await takeInventory(docker, signal), purpose);
	const names = choice.names.filter(exceptFor(choice));
	if (names.length > 0 || choice.names.length === 0) return names;
	throw nothing('every volume that is named is left out again', 'Name a volume that no exception matches.');
}

export function chooseVolumes(
	choice: Exclude<VolumeChoice, { by: 'name' }>,
	{ volumes, containers }: VolumeInventory,
	{ job, repository }: ChoosingFor,
): string[] {
	const [wanted, ...more] = criteriaOf(choice);
	if (wanted === undefined && choice.by !== 'all') {
		throw new BackupError('invalid_parameter', `no ${choice.by} is given to choose volumes by`, {
			hint: choice.by === 'label' ? `Write e.g. ${selectionLabels.enable}=true.` : 'Name a Compose project.',
		});
	}
	const chosen = volumes
		.filter((volume) => volume.labels[selectionLabels.enable] !== 'false')
		.filter((volume) => isChosen(choice, volume, job))
		.filter((volume) => !holdsRepository({ volume: volume.name, places: placesOf(volume) }, repository));
	if (chosen.length === 0) {
		const what = [wanted ?? '', ...more].map((text) => JSON.stringify(text)).join(', ');
		switch (choice.by) {
			case 'label':
				throw nothing(
					`no volume has the label ${what}, and none is used by a container that has it`,
					`Labels are given to volumes and containers when they are made; one that names another job (${selectionLabels.job}) does not count.`,
				);
			case 'project': {
				const known = [...new Set(volumes.flatMap(({ labels, users }) => projectsOf(labels, users)))];
				throw nothing(
					`the Compose project ${what} has no named volume`,
					known.length === 0
						? 'No project on this host has any.'
						: `Projects with volumes: ${known.toSorted().join(', ')}.`,
				);
			}
			case 'all':
				throw nothing(
					'there is no named volume to back up on the docker host',
					containers.length === 0
						? 'Check that this is the host that is meant: it has no containers either.'
						: 'Name a volume, or a directory of the host.',
				);
		}
	}
	const left = chosen.map(({ name }) => name).filter(exceptFor(choice));
	if (left.length > 0) return left;
	throw nothing(
		`all of the ${chosen.length} chosen volumes are left out again`,
		`Choose others, or make the exceptions narrower: ${(choice.except ?? []).join(', ')}.`,
	);
}

function criteriaOf(choice: VolumeChoice): readonly string[] {
	switch (choice.by) {
		case 'name':
			return choice.names;
		case 'label':
			return choice.labels;
		case 'project':
			return choice.projects;
		case 'all':
			return [];
	}
}

function isChosen(
	choice: Exclude<VolumeChoice, { by: 'name' }>,
	volume: InventoriedVolume,
	job: string,
): boolean {
	const named = !isAnonymous(volume);
	switch (choice.by) {
		case 'label': {
			const has = (labels: InventoriedVolume['labels']) => hasLabels(labels, choice.labels);
			// Asked for by name, the label of a job is one like any other.
			const asked = choice.labels.some((label) => label.split('=')[0] === selectionLabels.job);
			const isOfJob = ({ labels }: Pick<InventoriedVolume, 'labels'>) => {
				const jobs = labels[selectionLabels.job];
				return asked || jobs === undefined || jobs.split(',').some((each) => each.trim() === job);
			};
			if (!isOfJob(volume)) return false;
			return has(volume.labels) || (named && volume.users.some((user) => has(user.labels) && isOfJob(user)));
		}
		case 'project':
			return named && projectsOf(volume.labels, volume.users).some((each) => choice.projects.includes(each));
		case 'all':
			return named;
	}
}

function exceptFor({ except = [] }: VolumeChoice): (name: string) => boolean {
	const globs = except.map(nameGlob);
	return (name) => !globs.some((matches) => matches(name));
}

function nothing(message: string, hint: string): BackupError {
	return new BackupError('volume_not_found', message, { hint });
}
