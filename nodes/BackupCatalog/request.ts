/** From the panel's values to what is asked of the catalog. Throws `invalid_parameter`. */
import type { Fields } from '../shared/fields';

export type CatalogRequest =
	| { readonly operation: 'get'; readonly id: string }
	/** Null: every job; no limit. */
	| { readonly operation: 'getAll'; readonly job: string | null; readonly limit: number | null };

export function catalogRequest(parameters: Fields): CatalogRequest {
	const operation = parameters.oneOf('operation', 'Operation', ['get', 'getAll']);
	if (operation === 'get') {
		return {
			operation,
			id: parameters.required('record', 'Record', 'Choose a backup from the list or give its ID.'),
		};
	}
	const job = parameters.text('job', 'Job');
	const limit = parameters.flag('returnAll', 'Return All') ? null : parameters.whole('limit', 'Limit', 1, 50);
	return { operation, job: job === '' ? null : job, limit };
}
