/** The operations' public face: what nodes, credentials and the CLI may use. */
export { backUpVolumes, type BackUpOutcome, type BackUpRequest } from './back-up-volumes';
export type { CatalogEntry } from './catalog-entry';
export { decryptFile } from './decrypt-file';
export { listDockerVolumes, type VolumeListing } from './list-volumes';
export { getRecord, listRecords } from './list-records';
export { restoreDirectory, type RestoreDirectoryOutcome } from './restore-directory';
export { restoreVolumes, type RestoreOutcome } from './restore-volumes';
export type { Selection } from './select';
export {
	defaultRunner,
	defaultSocket,
	type HostSettings,
	type OperationContext,
	type OperationEvent,
	type RepositoryLocation,
	type RepositorySettings,
	type RunnerSettings,
	type Where,
} from './settings';
export { testDockerHost, testRepository } from './test-connections';
export { verifyArchives, type Verification, type VerifyRequest } from './verify-archives';
export { generateKey, parseRawKey, passphraseFromFile, type Secret } from '../engine/index';
export { systemClock } from '../protocol/clock';
export { BackupError, exitCodes, toBackupError, type ErrorCode } from '../protocol/errors';
export { systemRandom } from '../protocol/random';
export type { BackupRecord } from '../protocol/record';
export type { DockerEndpoint } from '../docker/client';
