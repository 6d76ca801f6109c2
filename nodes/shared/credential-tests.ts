/**
 * The tests behind the credentials' "Test" buttons: they really connect, and the repository's one writes,
 * reads and deletes a probe: through a runner, or, in an S3 store, from this process.
 */
import type {
	ICredentialTestFunctions,
	ICredentialsDecrypted,
	INodeCredentialTestResult,
} from 'n8n-workflow';
import { testDockerHost, testRepository, toBackupError } from '../../operations';
import { hostSettings } from './host-settings';
import { briefContext } from './operation-context';
import { repositorySettings, testWhere } from './repository-settings';

/** The first test on a host may have to pull the runner's image. */
const limitMs = 180_000;

export async function dockerHostTest(
	this: ICredentialTestFunctions,
	{ data }: ICredentialsDecrypted,
): Promise<INodeCredentialTestResult> {
	return await verdict(async () => {
		const name = await testDockerHost(hostSettings(data), AbortSignal.timeout(limitMs));
		return `Connected to ${name}`;
	});
}

export async function backupRepositoryTest(
	this: ICredentialTestFunctions,
	{ data }: ICredentialsDecrypted,
): Promise<INodeCredentialTestResult> {
	return await verdict(async () => {
		const repository = repositorySettings(data);
		const { canDelete } = await testRepository(briefContext(limitMs), testWhere(data), repository, true);
		if (canDelete) return 'The repository can be read and written';
		return 'The repository can be read and written, but not deleted from: right for backups that nobody here shall remove';
	});
}

async function verdict(test: () => Promise<string>): Promise<INodeCredentialTestResult> {
	try {
		return { status: 'OK', message: await test() };
	} catch (error) {
		const { message, hint } = toBackupError(error);
		return { status: 'Error', message: hint === undefined ? message : `${message}. ${hint}` };
	}
}
