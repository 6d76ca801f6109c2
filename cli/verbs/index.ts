/** Every command, in the order that help shows them. */
import type { Verb } from '../verb';
import { backupDirectory, backupVolume } from './backup';
import { backupSqlite } from './backup-sqlite';
import { backupContainer } from './backup-container';
import { backupImage } from './backup-image';
import { backupPostgres } from './backup-postgres';
import { browse } from './browse';
import { compare } from './compare';
import { copy } from './copy';
import { decrypt } from './decrypt';
import { deleteVerb } from './delete';
import { doctor } from './doctor';
import { download, link } from './download';
import { drillPostgres } from './drill-postgres';
import { findSqlite } from './find-sqlite';
import { hold, release } from './hold';
import { keygen } from './keygen';
import { list } from './list';
import { resourcesContainers, resourcesImages, resourcesUnprotected, resourcesVolumes } from './resources';
import { restoreContainer } from './restore-container';
import { restoreDirectory } from './restore-directory';
import { restoreImage } from './restore-image';
import { restorePostgres } from './restore-postgres';
import { restoreSqlite } from './restore-sqlite';
import { restoreVolume } from './restore-volume';
import { show } from './show';
import { verify } from './verify';

export const verbs: readonly Verb[] = [
	keygen,
	resourcesContainers,
	resourcesVolumes,
	resourcesUnprotected,
	resourcesImages,
	backupVolume,
	backupDirectory,
	backupSqlite,
	findSqlite,
	backupPostgres,
	backupContainer,
	backupImage,
	list,
	show,
	browse,
	verify,
	drillPostgres,
	compare,
	restoreVolume,
	restoreDirectory,
	restoreSqlite,
	restorePostgres,
	restoreContainer,
	restoreImage,
	deleteVerb,
	hold,
	release,
	doctor,
	download,
	link,
	copy,
	decrypt,
];
