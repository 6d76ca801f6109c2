/** The operations' public face: what nodes, credentials and the CLI may use. */
export { backUpVolumes, type BackUpRequest } from './back-up-volumes';
export { selectionLabels, type VolumeChoice } from './select-volumes';
export {
	listContainerResources,
	listImageResources,
	listProjects,
	type ComposeProject,
	type ContainerResource,
	type ImageResource,
} from './resources';
export type { ResourceFilter } from './resources-filter';
export type { Protection } from './resources-protection';
export {
	listUnprotectedVolumes,
	listVolumeResources,
	type LookIn,
	type UnprotectedRequest,
	type VolumeResource,
	type VolumesRequest,
} from './resources-volumes';
export { noQuiesce, quiesceDefaults, type ContainerCommand, type QuiesceRequest } from './quiesce/requests';
export type { BackUpOutcome, BackupOptions } from './run-backup';
export { adoptArchive, type AdoptRequest } from './adopt-archive';
export type { CatalogEntry, Hold, KeptVerification } from './catalog-entry';
export { deleteRecords, type DeleteOutcome, type DeleteRequest } from './delete-records';
export {
	downloadArchive,
	linkArchive,
	type ArchiveLink,
	type DownloadInfo,
	type DownloadRequest,
	type LinkRequest,
} from './download-archive';
export { examineRepository, type RepositoryFinding } from './examine-repository';
export { holdRecord, releaseRecord, type HoldOutcome, type HoldRequest } from './hold-records';
export { copyArchives, type ArchiveCopy, type CopyRequest, type TargetOutcome } from './copy-archives';
export type { CopyTarget } from './copy-places';
export type { CopySelection } from './copy-plan';
export { placeOf } from './executor';
export { decryptColdrune, isColdrune, parseColdruneKey } from './coldrune';
export { decryptFile } from './decrypt-file';
export { listDockerVolumes, type VolumeListing } from './list-volumes';
export { getRecord, listRecords } from './list-records';
export { browseArchive, type Browsed, type BrowseRequest } from './browse-archive';
export {
	compareArchives,
	differenceError,
	type ComparedWith,
	type CompareRequest,
	type Comparison,
} from './compare-archives';
export { restoreDirectory, type RestoreDirectoryOutcome } from './restore-directory';
export type { Recreate } from './recreate-volumes';
export { restoreVolumes, type RestoreOutcome } from './restore-volumes';
export type { Replaced } from './restore-over-volume';
export type { LostEntry, Overwrite, RestoreReport, RestoreWay } from './restore-way';
export { s3Location, type S3Settings } from './s3-location';
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
export type { DrillCheckResult, Evidence } from '../protocol/fact';
export type { ArchiveEntry, Difference, RestorePlan } from '../protocol/events';
export type { BackupRecord } from '../protocol/record';
export type { DockerEndpoint } from '../docker/client';
export { dumpPostgres } from './postgres/dump-postgres';
export { restorePostgres } from './postgres/restore-postgres';
export { drillPostgres } from './postgres/drill-postgres';
export { listContainers, type ContainerListing } from './postgres/list-databases';
export { listDatabases } from './postgres/databases';
export type {
	DrillCheck,
	DrillOutcome,
	DrillRequest,
	DumpPostgresRequest,
	PostgresServer,
	RestorePostgresOutcome,
	RestorePostgresRequest,
} from './postgres/requests';
export { snapshotSqlite } from './sqlite/snapshot-sqlite';
export { restoreSqlite } from './sqlite/restore-sqlite';
export { listSqliteFiles } from './sqlite/list-files';
export type {
	FilePlace,
	RestoreSqliteOutcome,
	RestoreSqliteRequest,
	SnapshotSqliteRequest,
	SqliteFile,
} from './sqlite/requests';
export { backUpImages } from './images/back-up-images';
export { restoreImage } from './images/restore-image';
export type {
	BackUpImagesRequest,
	RestoredReference,
	RestoreImageOutcome,
	RestoreImageRequest,
} from './images/requests';
export { backUpContainers } from './containers/back-up-container';
export { restoreContainer } from './containers/restore-container';
export type {
	BackUpContainersRequest,
	ContainerDifference,
	Mask,
	PlacedMount,
	RestoreContainerOutcome,
	RestoreContainerRequest,
} from './containers/requests';
