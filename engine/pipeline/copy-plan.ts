/** What of an archive has to be copied, from what stands at the target already. Pure. */
import { BackupError } from '../../protocol/errors';
import type { BackupRecord, RecordFile } from '../../protocol/record';

export interface CopyPlan {
	/** Absent at the target, in the order of publishing: the archive last. */
	readonly copy: readonly RecordFile[];
	/** There with the right size; their bytes are still to be compared with the record. */
	readonly check: readonly RecordFile[];
}

export interface CopyCircumstances {
	/** Whether its genuine record is at the target: then what it names was whole once. */
	readonly recorded: boolean;
	readonly readBack: boolean;
}

/** `sizeOf`: size of an object at the target; undefined when there is none. Throws `checksum_mismatch`. */
export function planCopy(
	record: BackupRecord,
	sizeOf: (path: string) => number | undefined,
	{ recorded, readBack }: CopyCircumstances,
): CopyPlan {
	const files = record.files.toSorted((a, b) => Number(a.role === 'archive') - Number(b.role === 'archive'));
	const wrong = files.find(({ path, size }) => (sizeOf(path) ?? size) !== size);
	if (wrong) throw differs(wrong, `it has ${sizeOf(wrong.path)} bytes instead of ${wrong.size}`);
	const [there, absent] = [
		files.filter(({ path }) => sizeOf(path) !== undefined),
		files.filter(({ path }) => sizeOf(path) === undefined),
	];
	return { copy: absent, check: recorded && !readBack ? [] : there };
}

/** An object at the target that is not what its archive's record says. */
export function differs({ path }: Pick<RecordFile, 'path'>, how: string, cause?: unknown): BackupError {
	return new BackupError('checksum_mismatch', `${path} at the target is not the source's: ${how}`, {
		hint: 'Nothing was changed: delete that archive at the target (its record first), then copy it again.',
		cause,
	});
}
