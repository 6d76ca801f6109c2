/** The engine's public face for orchestrators: keys, signatures, records and documents; never a job. */
export {
	archiveKey,
	deriveMasterKey,
	generateKey,
	keyId,
	parseRawKey,
	passphraseFromFile,
	rawKdf,
	type Secret,
} from './format/keys';
export { openStream } from './format/opening';
export { unlock as unlockArchive } from './format/unlocking';
export { headerLength, parseHeader, type Header } from './format/header';
export { signer, type Signer } from './format/signing';
export {
	createDocument,
	parseDocument,
	verifyDocument,
	type RepositoryDocument,
} from './repository/document';
export { formatFact, splitFact, trustOfFact } from './repository/facts';
export { factKeyOf, possibleJobsOf, recordKeyOf } from './repository/layout';
export { formatRecord, judgeRecord, splitRecord, trustOf } from './repository/records';
