/** Fields of Restore's panel that several kinds have. */
import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';

export const allowUnsignedOption: INodeProperties = {
	displayName: 'Allow Unsigned Record',
	name: 'allowUnsigned',
	type: 'boolean',
	default: false,
	description:
		'Whether to restore from a record without signature though the repository has a key. Anybody who can write there may have made it.',
};

export const seriesOption: INodeProperties = {
	displayName: 'Series',
	name: 'series',
	type: 'string',
	default: '',
	placeholder: 'e.g. volume:app_data',
	description: 'Which latest backup, when the job makes one archive per volume',
};

export const dryRunField = (show: IDisplayOptions['show'], description: string): INodeProperties => ({
	displayName: 'Dry Run',
	name: 'dryRun',
	type: 'boolean',
	default: false,
	displayOptions: { show },
	description,
});
