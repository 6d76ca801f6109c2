/** From the panel's values for images to the operation's request. Throws `invalid_parameter`. */
import type { RestoreImageRequest } from '../../operations';
import type { Fields } from '../shared/fields';
import { selectionOf } from '../shared/selection';

export function imageRequest(parameters: Fields): RestoreImageRequest {
	const taken = parameters.oneOf('takenTags', 'Tag That Means Another Image', ['refuse', 'move']);
	return {
		selection: selectionOf(parameters),
		overwriteTags: taken === 'move',
		allowUnsigned: parameters.group('options', 'Options').flag('allowUnsigned', 'Allow Unsigned Record'),
		dryRun: parameters.flag('dryRun', 'Dry Run'),
	};
}
