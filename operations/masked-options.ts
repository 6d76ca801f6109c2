/** What a record says of the options of volumes that it keeps to itself, since they look like secrets. */
import type { BackupRecord, RecordWarning } from '../protocol/record';

const code = 'volume_option_masked';

/** `option`: as `capture` names it. */
export const maskedOption = (volume: string, option: string): RecordWarning => ({
	code,
	message: `${of(volume)}: ${option} looks like a secret and is not in the record, so a restore can't make the volume the same by itself`,
	path: null,
});

export const hasMaskedOptions = ({ warnings }: BackupRecord, volume: string): boolean =>
	warnings.some((warning) => warning.code === code && warning.message.startsWith(`${of(volume)}: `));

const of = (volume: string): string => `volume "${volume}"`;
