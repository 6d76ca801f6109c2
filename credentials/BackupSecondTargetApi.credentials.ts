/**
 * The second repository that Copy Archive copies into: a Backup Repository in all but its type, for n8n can't
 * give a node two credentials of one type.
 */
import type { Icon, ICredentialType } from 'n8n-workflow';
import { BackupRepositoryApi } from './BackupRepositoryApi.credentials';

// eslint-disable-next-line n8n-nodes-base/cred-class-field-documentation-url-missing -- there is no page on the web to name yet
export class BackupSecondTargetApi extends BackupRepositoryApi implements ICredentialType {
	override name = 'backupSecondTargetApi';

	override displayName = 'Backup Second Target API';

	override icon: Icon = { light: 'file:backupRepository.svg', dark: 'file:backupRepository.dark.svg' };
}
