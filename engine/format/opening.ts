/**
 * Decrypts a stream: the bytes of an encrypted archive in, plaintext out (docs/FORMAT.md, "Opening").
 *
 * Only authenticated plaintext comes out, in order, a segment at a time; a full segment is held back until
 * more bytes or the end arrive, because only then is it known whether it must be the last. After the first
 * error every further call throws it again. Whoever ignores `end()` has not checked the archive.
 * Memory: one segment (1 MiB) and what the caller just pushed; chunks must not change until they came out.
 */
import { BackupError } from '../../protocol/errors';
import { createByteQueue } from './byte-queue';
import { headerLength, parseHeader, type Header } from './header';
import {
	createSegmentOpener,
	truncated,
	type SegmentOpener,
	type SegmentOpenerOptions,
} from './segment-opening';
import { fullSegmentSize, prologueLength, tagLength } from './segments';

export interface OpenerOptions extends SegmentOpenerOptions {
	/** Size of the file by its record: then any missing end is told as truncation, even inside a segment. */
	readonly storedSize?: number;
}

export interface Opener {
	/** Known, and checked against the key, once both headers were read. */
	readonly header: Header | undefined;
	/** Plaintext that is authentic now. */
	push(chunk: Buffer): Buffer[];
	/** The rest, once the source has ended: this is where a missing end is found. */
	end(): Buffer[];
}

/**
 * A new decrypting stream. Its calls throw, in the order of the checks: `archive_malformed` (not ours),
 * `archive_version_unsupported`, `key_missing` or `key_wrong`, `archive_truncated`, `archive_tampered`.
 */
export function createOpener(options: OpenerOptions): Opener {
	const { name = 'the archive', storedSize } = options;
	const queue = createByteQueue();
	let segments: SegmentOpener | undefined;
	let next = 0;
	let received = 0;
	let failure: Error | undefined;

	/** Runs one step; its error is remembered, so nothing can come out past it. */
	function guarded(step: () => Buffer[]): Buffer[] {
		if (failure) throw failure;
		try {
			return step();
		} catch (error) {
			failure = error instanceof Error ? error : new Error(String(error));
			throw failure;
		}
	}

	function start(): SegmentOpener {
		const bytes = Buffer.concat(queue.take(Math.min(queue.length, prologueLength)));
		return createSegmentOpener(bytes, options);
	}

	function open(opener: SegmentOpener, length: number, isLast: boolean): Buffer[] {
		if (length < tagLength) throw truncated(name, `segment ${next} has only ${length} bytes`);
		const ciphertext = queue.take(length - tagLength);
		return opener.openPieces(next++, isLast, ciphertext, Buffer.concat(queue.take(tagLength)));
	}

	return {
		get header() {
			return segments?.header;
		},
		push: (chunk) =>
			guarded(() => {
				received += chunk.length;
				if (storedSize !== undefined && received > storedSize) {
					throw new BackupError(
						'archive_tampered',
						`${name} is longer than the ${storedSize} bytes recorded`,
					);
				}
				queue.push(chunk);
				if (!segments && queue.length < prologueLength) return [];
				segments ??= start();
				const out: Buffer[] = [];
				while (queue.length > fullSegmentSize(next)) {
					for (const piece of open(segments, fullSegmentSize(next), false)) out.push(piece);
				}
				return out;
			}),
		end: () =>
			guarded(() => {
				segments ??= start();
				if (storedSize !== undefined && received < storedSize) {
					throw truncated(name, `${received} of ${storedSize} bytes`);
				}
				const out = open(segments, queue.length, true);
				failure = new Error('the opener has ended');
				return out;
			}),
	};
}

export interface OpenStreamOptions extends Omit<OpenerOptions, 'archiveKey'> {
	/** As `OpenerOptions`; may take its time, as `unlock` does. */
	readonly archiveKey: Buffer | ((header: Header) => Buffer | Promise<Buffer>);
}

/** The plaintext of a whole source; ends only when the archive was complete. Throws as `createOpener`. */
export async function* openStream(
	source: AsyncIterable<Buffer>,
	options: OpenStreamOptions,
): AsyncGenerator<Buffer> {
	let opener: Opener | undefined;
	let head: Buffer = Buffer.alloc(0);
	for await (const chunk of source) {
		if (opener) {
			yield* opener.push(chunk);
			continue;
		}
		head = Buffer.concat([head, chunk]);
		if (head.length < headerLength) continue;
		opener = await openerFor(head, options);
		yield* opener.push(head);
	}
	opener ??= await openerFor(head, options);
	yield* opener.end();
}

async function openerFor(head: Buffer, options: OpenStreamOptions): Promise<Opener> {
	const { archiveKey } = options;
	if (typeof archiveKey !== 'function') return createOpener({ ...options, archiveKey });
	return createOpener({ ...options, archiveKey: await archiveKey(parseHeader(head, options.name)) });
}
