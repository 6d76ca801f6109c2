/** `ls`: what an archive of volumes holds. */
import { browseArchive, type ArchiveEntry } from '../../operations/index';
import { dockerFlags, whereOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence, versionsFlag } from '../flags/s3';
import { oneOperand, wholeNumber } from '../flags/selection';
import { count, entriesOf, size, time } from '../output/figures';
import { table } from '../output/layout';
import { usage } from '../parse-arguments';
import { defineVerb } from '../verb';

const most = 1_000_000_000;

export const browse = defineVerb({
	name: 'ls',
	operands: 'ID [PATH]',
	summary: 'List the files of a backup',
	details: [
		'Shows PATH and everything below it, in the order of paths; paths start at the root of the volume, as those of restore --path do.',
		'Only the index of the archive is read, whatever its size.',
		s3Sentence,
	],
	flags: [
		repositoryFlag,
		{ name: 'volume', value: 'NAME', repeatable: true, help: 'Only this volume of the archive' },
		{ name: 'glob', value: 'GLOB', repeatable: true, help: 'Only what matches, e.g. "**/*.conf"' },
		{ name: 'limit', value: 'N', help: 'At most so many; default all' },
		{ name: 'offset', value: 'N', help: 'Pass over so many first' },
		...keyFlags,
		{ name: 'allow-unsigned', help: 'Accept a record without signature though the repository has a key' },
		repositoryIdFlag,
		...s3Flags,
		versionsFlag,
		...dockerFlags,
	],
	required: ['repository'],
	examples: [
		'docker-backup ls nightly-20260131T030000Z-1f2e etc --repository /srv/backups --key-file /root/backup.key',
		'docker-backup ls nightly-20260131T030000Z-1f2e --glob "**/*.conf" --limit 100 --json \\',
		'  --repository volume:backups --key-file /root/backup.key',
	],
	async run({ operands, flags }, shell) {
		const [, under = '', ...others] = operands;
		if (others.length > 0) throw usage('there is one PATH, but several were given');
		const repository = await repositoryOf(flags, shell, false);
		const where = await whereOf(flags, repository, shell);
		const { record, entries, total, totalBytes } = await browseArchive(shell.context, where, repository, {
			selection: { by: 'id', id: oneOperand(operands.slice(0, 1), 'ID') },
			volumes: flags.volume,
			under,
			patterns: flags.glob,
			offset: wholeNumber('offset', flags.offset ?? '0', 0, most),
			limit: flags.limit === undefined ? null : wholeNumber('limit', flags.limit, 0, most),
			allowUnsigned: flags['allow-unsigned'],
		});
		const shown = entries.length === total ? '' : `${count(entries.length)} of `;
		return {
			document: { id: record.id, entries, total, totalBytes },
			text: `${listing(entries, record.sources.length > 1)}${shown}${entriesOf(total)}, ${size(totalBytes)}\n`,
		};
	},
});

const letters = {
	file: '-',
	directory: 'd',
	symlink: 'l',
	hardlink: 'h',
	fifo: 'p',
	character: 'c',
	block: 'b',
};

function listing(entries: readonly ArchiveEntry[], severalVolumes: boolean): string {
	if (entries.length === 0) return '';
	const column = (title: string, cell: (entry: ArchiveEntry) => string, align: 'left' | 'right' = 'left') =>
		({ title, cell, align }) as const;
	return table(
		[
			column('mode', ({ type, mode }) => letters[type] + mode.toString(8).padStart(4, '0')),
			column('owner', ({ uid, gid }) => `${uid}:${gid}`),
			column('size', ({ type, size: bytes }) => (type === 'file' ? size(bytes) : ''), 'right'),
			column('modified', ({ mtimeNs }) => modified(mtimeNs)),
			...(severalVolumes ? [column('volume', ({ volume }) => volume)] : []),
			column(
				'path',
				({ path, linkTarget }) => `${path || '.'}${linkTarget === null ? '' : ` -> ${linkTarget}`}`,
			),
		],
		entries,
	);
}

function modified(ns: string): string {
	const milliseconds = Number(BigInt(ns) / 1_000_000n);
	return Math.abs(milliseconds) <= 8.64e15 ? time(new Date(milliseconds).toISOString()) : '-';
}
