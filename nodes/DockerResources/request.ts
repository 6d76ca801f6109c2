/** From the panel's values to what is asked of the host. Throws `invalid_parameter`. */
import type { ResourceFilter, UnprotectedRequest, VolumesRequest } from '../../operations';
import type { Fields } from '../shared/fields';

const operations = ['containers', 'images', 'unprotected', 'volumes'] as const;

/** Operations that tell more with a repository. */
export const looksIntoRepository = ['unprotected', 'volumes'] as const;

export type ResourcesRequest =
	| { readonly operation: 'containers' | 'images'; readonly filter: ResourceFilter }
	| (VolumesRequest & { readonly operation: 'volumes' })
	| (UnprotectedRequest & { readonly operation: 'unprotected' });

const hourMs = 3_600_000;

export function resourcesRequest(parameters: Fields): ResourcesRequest {
	const operation = parameters.oneOf('operation', 'Operation', operations);
	const filter = {
		labels: parameters.names('labels', 'Labels'),
		name: parameters.text('name', 'Name') || null,
		project: parameters.text('project', 'Project') || null,
	};
	switch (operation) {
		case 'containers':
		case 'images':
			return { operation, filter };
		case 'volumes':
			return { operation, ...volumes(parameters, filter) };
		case 'unprotected': {
			const hours = parameters.whole('maxAge', 'Max Age (Hours)', 0, 0);
			return { operation, ...volumes(parameters, filter), maxAgeMs: hours === 0 ? null : hours * hourMs };
		}
	}
}

function volumes(parameters: Fields, filter: ResourceFilter): VolumesRequest {
	return {
		filter,
		sizes: parameters.flag('sizes', 'Measure Sizes'),
		anonymous: parameters.flag('anonymous', 'Include Anonymous Volumes'),
	};
}
