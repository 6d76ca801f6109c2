/** One request, and the resources that come out of the node. */
import {
	BackupError,
	listContainerResources,
	listImageResources,
	listUnprotectedVolumes,
	listVolumeResources,
	type HostSettings,
	type LookIn,
	type OperationContext,
} from '../../operations';
import type { ResourcesRequest } from './request';

export async function perform(
	context: OperationContext,
	host: HostSettings,
	request: ResourcesRequest,
	lookIn: LookIn | null,
): Promise<readonly object[]> {
	switch (request.operation) {
		case 'containers':
			return await listContainerResources(context, host, request.filter);
		case 'images':
			return await listImageResources(context, host, request.filter);
		case 'volumes':
			return await listVolumeResources(context, host, request, lookIn);
		case 'unprotected':
			if (lookIn !== null) return await listUnprotectedVolumes(context, host, request, lookIn);
			throw new BackupError('usage', 'no repository is chosen to look for backups in', {
				hint: 'Choose a Backup Repository credential in this node.',
			});
	}
}
