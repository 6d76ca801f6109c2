/** `download` and `link`: a stored archive as a file, or as a link by which a browser gets it. */
import { basename, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { downloadArchive, linkArchive, type Selection } from '../../operations/index';
import { dockerFlags, whereOf } from '../flags/docker';
import { keyFlags } from '../flags/keys';
import { repositoryFlag, repositoryIdFlag, repositoryOf } from '../flags/repository';
import { s3Flags, s3Sentence, versionsFlag } from '../flags/s3';
import { idOrJob, wholeNumber } from '../flags/selection';
import { duration, size } from '../output/figures';
import { printable } from '../output/layout';
import { writeNewFile } from '../output/new-file';
import { usage } from '../parse-arguments';
import { defineVerb, type Flag } from '../verb';

const latestOf = (job: string): Selection => ({ by: 'latest', job });
const sevenDays = 604_800;

const commonFlags = [
	repositoryFlag,
	{ name: 'job', value: 'JOB', help: 'The newest good backup of this job, instead of an ID' },
	...keyFlags,
	{ name: 'allow-unsigned', help: 'Accept a record without signature though the repository has a key' },
	repositoryIdFlag,
	...s3Flags,
] as const satisfies readonly Flag[];

export const download = defineVerb({
	name: 'download',
	operands: 'ID|--job JOB',
	summary: 'Download a stored archive as it is',
	details: [
		'The file is encrypted and compressed as it is stored (see decrypt) and appears when its SHA-256 was found right.',
		'A directory or an S3 repository is read in this process, without Docker, unless --docker-host is given.',
		s3Sentence,
	],
	flags: [
		...commonFlags,
		{
			name: 'out',
			value: 'FILE',
			help: "This new file; default: the archive's own name, here; - for stdout",
		},
		versionsFlag,
		...dockerFlags,
	],
	required: ['repository'],
	examples: [
		'docker-backup download nightly-20260131T030000Z-1f2e --repository /srv/backups',
		'docker-backup download --job nightly --out - --repository s3://my-backups/server1 | ssh safe "cat > nightly"',
	],
	async run({ operands, flags }, shell) {
		const selection = idOrJob(operands, flags.job, latestOf);
		const toStdout = flags.out === '-';
		if (toStdout && shell.json) throw usage('--json goes with a file: else stdout carries the archive');
		if (toStdout && shell.stdout.isTTY)
			throw usage('the archive would go to the terminal', 'Name a file, or pipe it into a program.');
		const repository = await repositoryOf(flags, shell, false);
		const where = await whereOf(flags, repository, shell);
		const request = { selection, sizeLimit: null, allowUnsigned: flags['allow-unsigned'] };
		const { clock, random, signal } = shell.context;
		const started = clock.monotonic();
		return await downloadArchive(shell.context, where, repository, request, async (stream, info) => {
			if (toStdout) {
				await pipeline(stream, shell.stdout, { signal, end: false });
				return { document: null, text: '' };
			}
			const out = resolve(shell.directory, flags.out ?? basename(info.fileName));
			await writeNewFile(out, random, (file) => pipeline(stream, file, { signal }));
			const durationMs = Math.round(clock.monotonic() - started);
			const { id, checksum } = info.record;
			return {
				document: { id, file: out, size: info.size, checksum, durationMs, record: info.record },
				text: `ok      ${printable(out)}: ${size(info.size)}, ${duration(durationMs)}\n`,
			};
		});
	},
});

export const link = defineVerb({
	name: 'link',
	operands: 'ID|--job JOB',
	summary: 'Print a link by which anybody can download an archive for a while',
	details: [
		'Only for repositories in S3. Until it expires the link needs no key of the store; an encrypted archive still needs its own.',
		s3Sentence,
	],
	flags: [
		...commonFlags,
		{ name: 'expires', value: 'SECONDS', help: 'How long it is valid; default 3600, at most 604800' },
		...dockerFlags,
	],
	required: ['repository'],
	examples: [
		'docker-backup link nightly-20260131T030000Z-1f2e --expires 3600 --repository s3://my-backups/server1',
	],
	async run({ operands, flags }, shell) {
		const selection = idOrJob(operands, flags.job, latestOf);
		const expiresInSeconds = wholeNumber('expires', flags.expires ?? '3600', 1, sevenDays);
		const repository = await repositoryOf(flags, shell, false);
		if (repository.location.type !== 's3') {
			throw usage(
				'only an S3 store can make links',
				'Use download for a repository in a directory or volume.',
			);
		}
		const where = await whereOf(flags, repository, shell);
		const request = { selection, expiresInSeconds, allowUnsigned: flags['allow-unsigned'] };
		const {
			url,
			expiresAt,
			fileName,
			size: bytes,
			record,
		} = await linkArchive(shell.context, where, repository, request);
		return {
			document: { id: record.id, url, expiresAt, fileName, size: bytes, record },
			text: `${printable(url)}\n`,
		};
	},
});
