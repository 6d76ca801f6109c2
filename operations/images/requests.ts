/** What the image operations are asked, and what they answer. */
import type { BackupRecord, Trust } from '../../protocol/record';
import type { BackupOptions } from '../run-backup';
import type { Selection } from '../select';

export interface BackUpImagesRequest extends BackupOptions {
	/** References (without a tag: `latest`), or ids of images; what is saved by id comes back without a tag. */
	readonly images: readonly string[];
	/** One archive for each image name instead of one for all; the tags of one name stay together. */
	readonly separate: boolean;
}

export interface RestoreImageRequest {
	readonly selection: Selection;
	/** Whether a tag that means another image on the host is moved to the restored one; else that is refused. */
	readonly overwriteTags: boolean;
	readonly allowUnsigned: boolean;
	readonly dryRun: boolean;
}

export interface RestoredReference {
	/** As it was saved: with its tag, or an id. */
	readonly reference: string;
	/** `sha256:…`: that of the image that was saved, and is now on the host. */
	readonly id: string;
	/** What the reference meant on the host before; null: nothing. */
	readonly previousId: string | null;
	/** Whether it meant the very same image before. */
	readonly present: boolean;
}

export interface RestoreImageOutcome {
	readonly record: BackupRecord;
	readonly trust: Trust;
	readonly references: readonly RestoredReference[];
	/** That went to the host; 0 where nothing needed to be loaded, and in a dry run. */
	readonly bytes: number;
	readonly dryRun: boolean;
	readonly durationMs: number;
}
