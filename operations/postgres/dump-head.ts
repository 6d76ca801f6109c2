/** The table of contents off the head of a dump's stream, and the stream as it was. */
import { Readable } from 'node:stream';
import { BackupError } from '../../protocol/errors';
import { incomplete, parseContents, type DumpContents } from './dump-contents';

export interface OpenedDump {
	/** Null: of a version that is not known, or too large to look into. */
	readonly contents: DumpContents | null;
	/** All of the dump, from its first byte. */
	readonly dump: Readable;
}

/** Function bodies are in it too; what is beyond is restored without a look into it. */
const mostHeadBytes = 256 << 20;

export async function openDump(content: Readable): Promise<OpenedDump> {
	const source = content.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
	let head: Buffer = Buffer.alloc(0);
	let chunks: Buffer[] = [];
	let bytes = 0;
	let contents: ReturnType<typeof parseContents> = incomplete;
	while (contents === incomplete && bytes <= mostHeadBytes) {
		const next = await source.next();
		if (!next.done) {
			chunks.push(next.value);
			bytes += next.value.length;
			// A look for every byte that came would take the square of its size.
			if (bytes < 2 * head.length) continue;
		}
		head = Buffer.concat([head, ...chunks]);
		chunks = [];
		contents = parseContents(head);
		if (next.done && contents === incomplete) {
			throw new BackupError('archive_malformed', 'the dump ends within its table of contents', {
				hint: 'Take another archive: this one was stored incomplete.',
			});
		}
	}
	const rest = async function* () {
		yield Buffer.concat([head, ...chunks]);
		yield* source;
	};
	const dump = Readable.from(rest(), { objectMode: false });
	dump.once('close', () => content.destroy());
	return { contents: contents === incomplete ? null : contents, dump };
}
