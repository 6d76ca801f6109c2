/** Verify Archive as n8n runs it, comparing on the real Docker Engine. */
import { readFileSync } from 'node:fs';
import { VerifyArchive } from '../../../nodes/VerifyArchive/VerifyArchive.node';
import { execution } from '../../unit/nodes/execution';
import { fill, json, lab } from '../cli/lab';

const { directory, job: newJob, keyFile, volume } = lab();

test('with live volumes, with another backup; a difference alarms or is a result', async () => {
	const [repository, key, job] = [directory(), keyFile(), newJob()];
	const name = await volume('node');
	const credentials = {
		dockerHostApi: { connection: 'socket', socketPath: '/var/run/docker.sock', customizeRunner: false },
		backupRepositoryApi: {
			location: 'directory',
			directory: repository,
			protection: 'key',
			secretKey: readFileSync(key, 'utf8').trim(),
			createIfEmpty: false,
		},
	};
	const backUp = async () => {
		const line = ['backup', 'volume', name, '--job', job, '--repository', repository, '--key-file', key];
		return (await json<{ records: { id: string }[] }>(line)).records[0]!.id;
	};
	const node = new VerifyArchive();
	const run = async (parameters: Record<string, unknown>) =>
		(await node.execute.call(execution({ parameters, credentials }).functions))[0]!.map((item) => item.json);
	await fill(name, { file: 'old' });
	const first = await backUp();
	const latest = { select: 'latest', job, level: 'live', failOnBad: true };
	expect(await run(latest)).toMatchObject([
		{ ok: true, id: first, job, level: 'live', contentSame: true, differences: [], error: null },
	]);

	await fill(name, { file: 'newer', added: '' });
	await expect(run({ ...latest, liveVolumes: name })).rejects.toMatchObject({
		message: `${first} differs: 1 added, 0 removed, 2 changed`,
		description: expect.stringMatching(/"added".*\(content_differs\)$/) as string,
	});
	const changes = [
		{ kind: 'changed', path: '', what: ['mtime'] },
		{ kind: 'added', path: 'added' },
		{ kind: 'changed', path: 'file', what: ['size', 'mtime', 'content'] },
	];
	expect(await run({ ...latest, failOnBad: false })).toMatchObject([
		{ ok: false, added: 1, removed: 0, changed: 2, differences: changes, error: { code: 'content_differs' } },
	]);

	const second = await backUp();
	const beside = { select: 'id', record: first, level: 'archive', otherRecord: second, failOnBad: false };
	expect(await run(beside)).toMatchObject([{ ok: false, comparedWith: second, differences: changes }]);
	expect(await run({ ...latest, liveVolumes: '' })).toMatchObject([{ ok: true, id: second }]);
});
