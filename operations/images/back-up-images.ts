/** Backup of images. */
import { BackupError } from '../../protocol/errors';
import type { BackUpOutcome } from '../run-backup';
import type { HostSettings, OperationContext, RepositorySettings } from '../settings';
import type { BackUpImagesRequest } from './requests';

export function backUpImages(
	_context: OperationContext,
	_hostSettings: HostSettings,
	_repository: RepositorySettings,
	request: BackUpImagesRequest,
): Promise<BackUpOutcome> {
	return Promise.reject(new BackupError('unexpected', `${request.images.join()} can't be backed up yet`));
}
