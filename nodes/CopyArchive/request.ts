/** From the panel of Copy Archive to what the operation takes. Throws `invalid_parameter`. */
import type { CopyRequest, CopySelection } from '../../operations';
import type { Fields } from '../shared/fields';

/** Credential types of the targets, in the order in which they are copied to. */
export const targetTypes = ['backupTargetApi', 'backupSecondTargetApi', 'backupThirdTargetApi'] as const;

export function copyRequest(parameters: Fields): CopyRequest {
	return {
		selection: selection(parameters),
		readBack: parameters.flag('readBack', 'Read Back'),
		lockWaitMs:
			parameters.group('options', 'Options').whole('lockWait', 'Wait for a Running Backup', 0, 0) * 1000,
	};
}

/** How many of the targets' credentials are in use. */
export function chosenTargets(parameters: Fields): readonly (typeof targetTypes)[number][] {
	return targetTypes.slice(0, parameters.whole('targets', 'Number of Targets', 1, 1));
}

function selection(parameters: Fields): CopySelection {
	const by = parameters.oneOf('select', 'Archives', ['id', 'latest', 'missing']);
	switch (by) {
		case 'id':
			return {
				by,
				id: parameters.required('record', 'Record', 'Choose a backup from the list or give its ID.'),
			};
		case 'latest': {
			const job = parameters.required('job', 'Job', 'Choose a job from the list or give its name.');
			const series = parameters.group('options', 'Options').text('series', 'Series');
			return series === '' ? { by, job } : { by, job, series };
		}
		case 'missing': {
			const job = parameters.text('job', 'Job');
			return { by, job: job === '' ? null : job };
		}
	}
}
