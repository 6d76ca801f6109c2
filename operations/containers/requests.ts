/** What backup and restore of containers are asked, and what they answer. */
import type { BackupRecord } from '../../protocol/record';
import type { QuiesceRequest } from '../quiesce/requests';
import type { BackupOptions } from '../run-backup';
import type { Selection } from '../select';

export interface BackUpContainersRequest extends BackupOptions {
	/** Names or ids; an archive each. */
	readonly containers: readonly string[];
	/** Whether files and directories of the host that they mount are archived, too. */
	readonly bindMounts: boolean;
	/** Whether their images are archived in the same run, one archive for each name. */
	readonly image: boolean;
	readonly mask: Mask;
	/** Patterns of what is left out of volumes and directories. */
	readonly exclude: readonly string[];
	readonly quiesce?: QuiesceRequest;
}

/**
 * What does not get into the archive: `none`; `secrets`: values of environment variables, labels and log options whose
 * names look like secrets; `environment`: of every variable that is not the image's own, too.
 */
export type Mask = 'none' | 'secrets' | 'environment';

export interface RestoreContainerRequest {
	readonly selection: Selection;
	readonly allowUnsigned: boolean;
	/** Null: its own. */
	readonly name: string | null;
	/** Names for volumes, by their name in the archive; the others get their own, with `suffix` behind. */
	readonly volumes: { readonly rename: Readonly<Record<string, string>>; readonly suffix: string };
	/** Whether volumes that are there are used as they are; else they must be empty. Of the host's own files always. */
	readonly keepExisting: boolean;
	/** Variables instead of the archived ones; needed for those that were masked. */
	readonly environment: Readonly<Record<string, string>>;
	readonly networks: NetworkChoice;
	/** Of the host: those of the archive, free ones that Docker chooses, or none. */
	readonly ports: 'archived' | 'any' | 'none';
	/** Where the image comes from when the host has it not. */
	readonly image: 'pull' | 'archive';
	/** A container of that name gives way; null: there must be none. */
	readonly replace: { readonly confirm: string } | null;
	readonly start: boolean;
	/** How long it may take to run, and to become healthy where it has a health check. */
	readonly startLimitMs: number;
	readonly dryRun: boolean;
}

export interface NetworkChoice {
	/** Whether those that are missing are made; else it is refused. */
	readonly missing: 'create' | 'refuse';
	/** Other networks, by their names in the archive. */
	readonly rename: Readonly<Record<string, string>>;
}

export interface ContainerDifference {
	/** Such as `image`, `environment.TZ`, `mounts./data`; values of the environment are never shown. */
	readonly field: string;
	readonly archived: string | null;
	readonly now: string | null;
}

export interface PlacedMount {
	/** In the archive; null: it was left out of it. */
	readonly source: string | null;
	readonly type: 'volume' | 'directory' | 'file';
	/** Name of the volume, or path on the host. */
	readonly place: string;
	readonly destination: string;
	/** `created`: new, from the archive; `kept`: as the host has it; `refused`: it exists and is not empty (dry run). */
	readonly action: 'created' | 'kept' | 'refused';
}

export interface RestoreContainerOutcome {
	readonly record: BackupRecord;
	/** `id`: null in a dry run. */
	readonly container: { readonly id: string | null; readonly name: string; readonly started: boolean };
	readonly image: { readonly reference: string; readonly from: 'host' | 'pull' | 'archive' | 'missing' };
	readonly volumes: readonly PlacedMount[];
	readonly networksCreated: readonly string[];
	/** Ports of the host that other containers have now. */
	readonly portsTaken: readonly string[];
	/** The container that gave way; `name`: which one it has now, null: it is removed. */
	readonly replaced: { readonly id: string; readonly name: string | null } | null;
	/** Between the archived container and the one that has the name, before anything was done; null: there was none. */
	readonly differences: readonly ContainerDifference[] | null;
	readonly warnings: readonly string[];
	readonly dryRun: boolean;
	readonly durationMs: number;
}
