/** From the panel's values to the operation's request. Throws `invalid_parameter`. */
import { BackupError, type BackUpContainersRequest, type BackUpImagesRequest } from '../../operations';
import { backupOptionsOf } from '../shared/backup-options';
import type { Fields } from '../shared/fields';
import { quiesceOf } from '../shared/quiesce';

export type BackUpRequested =
	| { readonly resource: 'container'; readonly request: BackUpContainersRequest }
	| { readonly resource: 'image'; readonly request: BackUpImagesRequest };

export function backUpRequest(parameters: Fields, livesOn: readonly string[]): BackUpRequested {
	const resource = parameters.oneOf('resource', 'Resource', ['container', 'image'], 'container');
	const options = parameters.group('options', 'Options');
	const shared = backupOptionsOf(parameters);
	if (resource === 'image') {
		const images = named(parameters.names('images', 'Images'), 'image');
		return {
			resource,
			request: { ...shared, images, separate: options.flag('separate', 'Separate Archives') },
		};
	}
	const chosen =
		parameters.oneOf('containersBy', 'Choose Containers', ['list', 'name'], 'list') === 'list'
			? parameters.names('containers', 'Containers')
			: parameters.names('containerNames', 'Container Names');
	return {
		resource,
		request: {
			...shared,
			containers: named(chosen, 'container'),
			bindMounts: parameters.flag('bindMounts', 'Archive Bind Mounts'),
			image: parameters.flag('withImage', 'Archive Its Image'),
			mask: parameters.oneOf('mask', 'Leave Out Secrets', ['none', 'secrets', 'environment'], 'none'),
			exclude: options.lines('exclude', 'Exclude'),
			quiesce: quiesceOf(parameters, livesOn),
		},
	};
}

function named(names: readonly string[], what: string): readonly string[] {
	if (names.length > 0) return names;
	throw new BackupError('invalid_parameter', `no ${what} is selected`, {
		hint: `Name at least one ${what}.`,
	});
}
