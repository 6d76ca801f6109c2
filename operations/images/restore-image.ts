/** Restore of images. */
import { BackupError } from '../../protocol/errors';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import type { RestoreImageOutcome, RestoreImageRequest } from './requests';

export function restoreImage(
	_context: OperationContext,
	_hostSettings: HostSettings,
	_repository: RepositorySettings,
	_request: RestoreImageRequest,
): Promise<RestoreImageOutcome> {
	return Promise.reject(new BackupError('unexpected', "images can't be restored yet"));
}
