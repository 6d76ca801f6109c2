/** From the panel's values for a container to the operation's request. Throws `invalid_parameter`. */
import type { RestoreContainerRequest } from '../../operations';
import type { Fields } from '../shared/fields';
import { selectionOf } from '../shared/selection';

export function containerRequest(parameters: Fields): RestoreContainerRequest {
	const options = parameters.group('options', 'Options');
	const replace = parameters.flag('replaceContainer', 'Replace Existing Container');
	return {
		selection: selectionOf(parameters),
		allowUnsigned: options.flag('allowUnsigned', 'Allow Unsigned Record'),
		name: parameters.text('containerName', 'Container Name') || null,
		volumes: {
			rename: pairs(options.groups('renameVolumes', 'pair', 'Other Names for Volumes')),
			suffix: parameters.text('volumeSuffix', 'Suffix for Volumes'),
		},
		keepExisting: parameters.flag('keepVolumes', 'Keep Existing Volumes'),
		environment: environmentOf(parameters),
		networks: {
			missing: options.flag('createNetworks', 'Create Missing Networks', true) ? 'create' : 'refuse',
			rename: pairs(options.groups('renameNetworks', 'pair', 'Other Networks')),
		},
		ports: options.oneOf('ports', 'Ports on the Host', ['archived', 'any', 'none'], 'archived'),
		image: options.oneOf('imageFrom', 'Missing Image', ['pull', 'archive'], 'pull'),
		replace: replace
			? {
					confirm: parameters.text('confirmContainer', "Type the Container's Name to Confirm", {
						exact: true,
					}),
				}
			: null,
		start: parameters.flag('startContainer', 'Start'),
		startLimitMs: options.whole('startLimit', 'Start Limit (Seconds)', 0, 120) * 1000,
		dryRun: parameters.flag('dryRun', 'Dry Run'),
	};
}

const pairs = (groups: readonly Fields[]): Record<string, string> =>
	Object.fromEntries(
		groups.map((pair) => [pair.required('name', 'Name'), pair.required('other', 'Other Name')]),
	);

/** Values are taken as they are: spaces may belong to them. */
const environmentOf = (parameters: Fields): Record<string, string> =>
	Object.fromEntries(
		parameters
			.group('options', 'Options')
			.groups('environment', 'variable', 'Environment')
			.map((variable) => [
				variable.required('name', 'Name'),
				variable.text('value', 'Value', { exact: true }),
			]),
	);
