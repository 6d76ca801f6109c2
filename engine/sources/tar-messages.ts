/**
 * GNU tar's stderr as findings. tar exits 1 for files that changed, 2 for what it could not read, and 0
 * even when it lost an extended attribute: the text alone tells. Expects LC_ALL=C and
 * `--quoting-style=escape`, so one message is one line. Source: GNU tar 1.34, src/create.c, src/misc.c,
 * src/xattrs.c.
 */
import type { RecordWarning } from '../../protocol/record';

export interface TarFinding extends RecordWarning {
	readonly severity: 'ignore' | 'warning' | 'failure';
}

const rules: readonly {
	readonly pattern: RegExp;
	readonly code: string;
	readonly severity: TarFinding['severity'];
}[] = [
	{ pattern: /^(.*): file changed as we read it$/, code: 'file_changed', severity: 'warning' },
	{ pattern: /^(.*): File removed before we read it$/, code: 'file_vanished', severity: 'warning' },
	{
		pattern: /^(.*): (?:Warning: )?Cannot (?:stat|open|readlink|savedir): No such file or directory$/,
		code: 'file_vanished',
		severity: 'warning',
	},
	{
		pattern: /^(.*): File shrank by \d+ bytes?; padding with zeros$/,
		code: 'file_changed',
		severity: 'warning',
	},
	{ pattern: /^(.*): socket ignored$/, code: 'socket_skipped', severity: 'warning' },
	{ pattern: /^(.*): Unknown file type; file ignored$/, code: 'unknown_type_skipped', severity: 'warning' },
	{
		pattern: /^(.*): Warning: Cannot (?:\w*xattr\w*|acl_\w+|\w+filecon)\b.*$/,
		code: 'attribute_lost',
		severity: 'warning',
	},
	{
		pattern: /^(.*): Cannot (?:\w*xattr\w*|acl_\w+|set ACL).*$/,
		code: 'attribute_lost',
		severity: 'warning',
	},
	{
		pattern: /^\w+: Cannot set (?:'.*' extended attribute|POSIX ACLs|SELinux context) for file '(.*)': .*$/,
		code: 'attribute_lost',
		severity: 'warning',
	},
	{ pattern: /^Exiting with failure status due to previous errors$/, code: 'summary', severity: 'ignore' },
	{
		pattern: /^Removing leading .* from (?:member names|hard link targets)$/,
		code: 'leading_stripped',
		severity: 'ignore',
	},
	{ pattern: /^(.*): implausibly old time stamp .*$/, code: 'old_time_stamp', severity: 'ignore' },
	{ pattern: /^(.*): time stamp .* is .* s in the future$/, code: 'future_time_stamp', severity: 'ignore' },
];

/** One line of tar's stderr; undefined when the line is empty. */
export function readTarMessage(line: string): TarFinding | undefined {
	const message = line.replace(/^tar: /, '').trim();
	if (message === '') return undefined;
	for (const rule of rules) {
		const match = rule.pattern.exec(message);
		if (match) return { code: rule.code, message, path: match[1] ?? null, severity: rule.severity };
	}
	const path = /^(.*?): Cannot .*$/.exec(message)?.[1] ?? null;
	return { code: 'unreadable', message, path, severity: 'failure' };
}
