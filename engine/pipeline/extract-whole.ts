/**
 * Everything of an archive into one place, in one pass: storage → hash → open → decompress → guard → GNU tar. The
 * stored file's SHA-256 is compared at its end, before tar is told that its input is over.
 * Throws as `readContent` and `writeTree`, `archive_malformed`, `index_mismatch`.
 */
import { BackupError } from '../../protocol/errors';
import type { BackupRecord } from '../../protocol/record';
import { entryLinkTarget, entryPath } from '../format/index-entry';
import { createTarScanner } from '../format/tar-scanner';
import type { Storage } from '../repository/storage';
import { writeTree } from '../sources/gnu-tar';
import { guardEntries, volumeOf } from '../targets/entry-guard';
import { isDevice, isPrivileged, removeDevice, removePrivileges } from '../targets/privileges';
import { extractedPath } from '../targets/trees';
import { fileOf } from './record-files';
import type { ExtractedFigures, Extraction } from './extract-entries';
import { readContent } from './read-stored';

type Whole = Omit<Extraction, 'content' | 'index'> & {
	readonly storage: Storage;
	readonly record: BackupRecord;
	readonly archiveKey: Buffer | null;
	/** Told of the folders that a device was removed from: their times are to be set again. */
	readonly onFolderChanged: (path: Buffer) => void;
};

export async function extractWhole(whole: Whole): Promise<ExtractedFigures> {
	const { storage, record, archiveKey, strategy, volumes, keepsPrivileges, signal } = whole;
	const content = readContent(storage, fileOf(record, 'archive'), {
		archiveKey,
		compressed: record.compression.algorithm === 'zstd',
		signal,
	});
	const guard = guardEntries(volumes);
	const devices = new Map<string, Buffer>();
	const privileged: Buffer[] = [];
	const figures = { entries: 0, bytes: 0, devices: 0, privileged: 0 };
	const scanner = createTarScanner({
		baseOffset: 0,
		cutCode: 'archive_truncated',
		onStart(entry) {
			guard.check(entry);
			figures.devices += Number(isDevice(entry));
			figures.privileged += Number(isPrivileged(entry));
			if (keepsPrivileges) return;
			const path = entryPath(entry);
			// Another name of a device is a device, too.
			const linked = entry.type === 'hardlink' && devices.has(nameOf(entryLinkTarget(entry)));
			if (isDevice(entry) || linked) devices.set(nameOf(path), path);
			if (isPrivileged(entry)) privileged.push(path);
		},
		onEntry: () => void (figures.entries += 1),
	});
	const place = strategy.placeOf(volumes[0] ?? '');
	const options = { members: [], stripComponents: place.stripComponents };
	const tree = writeTree(place.directory, options, signal, whole.onWarning);
	try {
		for await (const chunk of content) {
			scanner.push(chunk);
			figures.bytes += chunk.length;
			await tree.write(chunk);
			whole.onProgress(figures);
		}
		scanner.end();
		requireWhole(record, figures);
		await tree.end();
	} catch (error) {
		await tree.kill();
		signal.throwIfAborted();
		throw error;
	}
	const extracted = (path: Buffer) => extractedPath(strategy.placeOf(volumeOf(path)), path);
	for (const path of privileged) await removePrivileges(extracted(path));
	for (const path of devices.values()) {
		await removeDevice(extracted(path));
		whole.onFolderChanged(path.subarray(0, path.lastIndexOf(0x2f)));
	}
	return figures;
}

/** One character a byte. */
const nameOf = (path: Buffer | undefined): string => path?.toString('latin1') ?? '';

/** A restore that restores less than was saved is a failure, whatever its parts said. */
function requireWhole(record: BackupRecord, { entries, bytes }: ExtractedFigures): void {
	if (entries === record.entries && bytes === record.contentBytes) return;
	throw new BackupError(
		'index_mismatch',
		`${record.id} holds ${entries} entries in ${bytes} bytes, its record says otherwise`,
	);
}
