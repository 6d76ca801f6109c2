/**
 * A container that has the name of a restored one: asked for before anything is done, stopped and renamed aside only
 * when everything else is ready, as it was again when the new one fails, and removed (never its volumes) when the new
 * one runs. Throws `target_exists`, `invalid_parameter`, `container_protected`, `container_not_stopped`.
 */
import { inspectContainer, startContainer, stopContainer, type Container } from '../../docker/containers';
import { removeContainer, renameContainer } from '../../docker/create-container';
import type { DockerHost } from '../../docker/client';
import { isContainer, ownContainer } from '../../docker/own-container';
import { BackupError, toBackupError } from '../../protocol/errors';
import type { RestoreContainerRequest } from './requests';
import type { Undo } from './undo';

/** The container that has this name, when it may be replaced; undefined: the name is free. */
export async function requireReplaceable(
	host: DockerHost,
	name: string,
	{ replace, dryRun }: RestoreContainerRequest,
	signal: AbortSignal,
): Promise<Container | undefined> {
	const found = await inspectContainer(host, name, signal);
	// An id, or its beginning, finds a container, too.
	const existing = found?.name === name ? found : undefined;
	if (replace && replace.confirm !== name) {
		throw new BackupError(
			'invalid_parameter',
			`container "${name}" is to be replaced, and another name confirms it`,
			{
				hint: 'Type the name of the container exactly.',
			},
		);
	}
	if (!existing) return undefined;
	if (dryRun) return existing;
	if (!replace) {
		throw new BackupError('target_exists', `container "${name}" exists already`, {
			hint: 'Restore it under another name, or have the one that is there replaced, which must be confirmed by its name.',
		});
	}
	const self = isContainer(existing.id, await ownContainer());
	if (self || existing.runner) {
		throw new BackupError(
			'container_protected',
			self ? `container "${name}" runs this restore` : `container "${name}" belongs to a run of this program`,
			{ hint: 'Restore it under another name, or with the command line tool from outside.' },
		);
	}
	if (existing.fleeting) {
		throw new BackupError('container_protected', `container "${name}" would be gone once it is stopped`, {
			hint: 'It was started with --rm or belongs to a Swarm service: end it yourself first.',
		});
	}
	return existing;
}

/** Its name is free afterwards; which name it has now. */
export async function setAside(host: DockerHost, container: Container, undo: Undo): Promise<string> {
	const { id, name, active } = container;
	const aside = `${name}.before-${id.slice(0, 8)}`;
	if (active) {
		// Before it is asked: an answer that is lost does not mean that it still runs.
		undo.add(() => startContainer(host, container).catch(notStarted(name)));
		await stopContainer(host, container);
	}
	undo.add(async () => {
		const now = await inspectContainer(host, id);
		if (now && now.name !== name) await renameContainer(host, id, name);
	});
	await renameContainer(host, id, aside);
	return aside;
}

export async function removeReplaced(host: DockerHost, { id }: Container): Promise<void> {
	await removeContainer(host, id, { volumes: false });
}

function notStarted(name: string): (cause: unknown) => never {
	return (cause) => {
		throw new BackupError(
			'container_not_started',
			`container "${name}", which was to be replaced, does not start again: ${toBackupError(cause).message}`,
			{ hint: `Start it yourself (docker start ${name}).`, cause },
		);
	};
}
