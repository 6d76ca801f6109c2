/**
 * How an object is cut into the parts of a multipart upload, decided before its first byte, because some stores
 * want parts of equal size. Bytes unless said otherwise.
 *
 * S3's limits: parts of 5 MiB to 5 GiB (the last may be smaller), 10,000 of them, objects of 5 TiB. Some stores
 * take 1,000 parts at most, so the parts grow with the expected size, with a tenth to spare. Up to 64 MiB they
 * wait in memory, of which all together take 160 MiB at most. Larger ones wait in files of a scratch folder;
 * where there is none, an object that needs more than 1,000 parts of 64 MiB gets them.
 */
import { BackupError } from '../../../protocol/errors';

export const mib = 1 << 20;
const tib = mib * mib;

export const smallestPart = 8 * mib;
export const largestInMemory = 64 * mib;
export const mostParts = 10_000;
export const mostObjectBytes = 5 * tib;
const largestPart = 5 * 1024 * mib;
/** What an object of the expected size has at most, where parts may be large enough. */
const wantedParts = 900;
const mostBufferBytes = 160 * mib;
/** More don't make it faster. */
const mostInFlight = 6;

export interface PartPlan {
	/** Of every part but the last. */
	readonly partBytes: number;
	/** Where parts wait until they are stored. */
	readonly kept: 'memory' | 'files';
	/** How many are sent at the same time. */
	readonly inFlight: number;
	/** An object that grows beyond this can't be stored by this plan. */
	readonly mostBytes: number;
}

export interface PartRequest {
	/** For messages. */
	readonly key: string;
	/** Undefined: not known. */
	readonly expectedBytes: number | undefined;
	readonly hasScratch: boolean;
}

/** Throws `size_limit_exceeded`, or `invalid_parameter` when it needs a scratch folder that is not there. */
export function planParts({ key, expectedBytes = 0, hasScratch }: PartRequest): PartPlan {
	if (expectedBytes > mostObjectBytes) {
		throw new BackupError('size_limit_exceeded', `${key} will be too large for S3: it takes 5 TiB at most`, {
			hint: 'Back up fewer volumes in one archive, or leave out what need not be kept.',
		});
	}
	const wanted = roundUp(expectedBytes / wantedParts);
	if (wanted <= largestInMemory) return inMemory(Math.max(smallestPart, wanted));
	if (hasScratch) {
		const partBytes = Math.min(wanted, largestPart);
		return { partBytes, kept: 'files', inFlight: 2, mostBytes: mostBytesOf(partBytes) };
	}
	const plan = inMemory(largestInMemory);
	// A tenth to spare here too: what is expected is an estimate.
	if (expectedBytes * 1.1 <= plan.mostBytes) return plan;
	throw new BackupError('invalid_parameter', `${key} is too large to be uploaded from memory alone`, {
		hint: `Give the engine a scratch folder with room for two parts of ${Math.ceil(wanted / mib)} MiB.`,
	});
}

function inMemory(partBytes: number): PartPlan {
	const buffers = Math.floor(mostBufferBytes / partBytes);
	// One is being filled meanwhile.
	const inFlight = Math.max(1, Math.min(mostInFlight, buffers - 1));
	return { partBytes, kept: 'memory', inFlight, mostBytes: mostBytesOf(partBytes) };
}

const mostBytesOf = (partBytes: number) => Math.min(partBytes * mostParts, mostObjectBytes);

const roundUp = (bytes: number) => Math.ceil(bytes / mib) * mib;
