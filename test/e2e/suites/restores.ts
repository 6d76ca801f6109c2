/** Restores as a user of n8n makes them, of volumes in use and of their parts; and looking into a backup before. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { docker, fill, mountpoint, unique, volumeExists } from '../../integration/cli/lab';
import { describeTree, diffTrees } from '../../trees/describe-tree';
import { noise } from '../../trees/odd-tree';
import type { Lab } from '../lab/lab';
import type { Execution, Item } from '../lab/rest';
import { backup, chain } from '../lab/workflows';

const byId = (id: unknown): object => ({ __rl: true, mode: 'id', value: id });
const byName = (name: string): object => ({ __rl: true, mode: 'name', value: name });

export function restoreSuite(lab: Lab): void {
	describe('restores', () => {
		let job: string;
		let app: string;
		let db: string;
		let root: string;
		let user: string;
		let id: string;
		let saved: ReturnType<typeof describeTree>;
		let changed: ReturnType<typeof describeTree>;

		const run = async (type: string, parameters: object): Promise<Execution> =>
			await lab.execute(chain(`restores ${type}`, ['Node', type, { options: {}, ...parameters }]));
		const items = async (type: string, parameters: object): Promise<Item['json'][]> => {
			const { output, error } = await run(type, parameters);
			expect(error).toBeUndefined();
			return output('Node')!.map(({ json }) => json);
		};
		const refused = async (type: string, parameters: object): Promise<Execution['error']> => {
			const { status, error } = await run(type, parameters);
			expect(status).toBe('error');
			return error;
		};
		const restore = async (parameters: object): Promise<Item['json']> =>
			(await items('restore', { select: 'id', record: byId(id), ...parameters }))[0]!;
		const browse = (parameters: object) => ({
			operation: 'browse',
			select: 'latest',
			job: byName(job),
			...parameters,
		});
		/** One of the two volumes of the backup, over itself. */
		const overwrite = (confirm: string, changes: object = {}) => ({
			select: 'id',
			record: byId(id),
			volumesBy: 'name',
			volumeNames: app,
			target: 'overwrite',
			confirm,
			stopContainers: true,
			...changes,
		});
		const stateOf = (name: string) => docker('inspect', '-f', '{{.State.Status}} {{.State.StartedAt}}', name);
		const textIn = async (volume: string, path: string) =>
			readFileSync(join(await mountpoint(volume), path), 'utf8');
		/** Runs what must leave the volume and its user as they are. */
		const untouched = async <T>(work: () => Promise<T>): Promise<T> => {
			const [tree, state] = [describeTree(root), await stateOf(user)];
			const result = await work();
			expect(diffTrees(tree, describeTree(root))).toEqual([]);
			expect(await stateOf(user)).toBe(state);
			return result;
		};

		beforeAll(async () => {
			job = lab.job();
			app = await lab.volume('app');
			db = await lab.volume('db');
			root = await mountpoint(app);
			await fill(app, { 'conf/app.ini': 'saved', 'conf/deep/x.conf': 'x', only: 'in the backup' });
			await fill(db, { table: 'rows' });
			saved = describeTree(root);
			const [record] = await items('backupVolume', backup(job, [app, db]));
			id = record!['id'] as string;
			await fill(app, { 'conf/app.ini': 'changed', later: 'later' });
			changed = describeTree(root);
			user = unique('user');
			const image = 'node:24-bookworm-slim';
			const options = ['--init', '--network=none', '--name', user, '-v', `${app}:/data`];
			await docker('run', '-d', ...options, image, 'sleep', '86400');
		});

		afterAll(async () => {
			await docker('rm', '-f', user);
		});

		test('a backup is looked into, page by page', async () => {
			const first = await run('backupCatalog', browse({ limit: 4 }));
			expect(first.error).toBeUndefined();
			const page = first.output('Node')!;
			expect(page.map(({ json }) => [json['volume'], json['path'], json['type']])).toEqual([
				[app, '', 'directory'],
				[app, 'conf', 'directory'],
				[app, 'conf/app.ini', 'file'],
				[app, 'conf/deep', 'directory'],
			]);
			expect(page[2]).toMatchObject({
				json: {
					id,
					job,
					size: 5,
					mode: '0644',
					owner: '0:0',
					mtime: expect.stringMatching(/^\d{4}-.*Z$/) as string,
					sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
					linkTarget: null,
				},
				pairedItem: { item: 0 },
			});
			expect(first.text).toContain('Entries 1 to 4 of 8 (23 B): set Offset to 4 for the next page.');
			const second = await run('backupCatalog', browse({ limit: 4, offset: 4 }));
			expect(second.output('Node')!.map(({ json }) => json['path'])).toEqual([
				'conf/deep/x.conf',
				'only',
				'',
				'table',
			]);
			expect(second.text).not.toContain('for the next page');

			const some = { under: 'conf', patterns: '**/*.conf', options: { volumes: app } };
			expect(await items('backupCatalog', browse(some))).toMatchObject([{ path: 'conf/deep/x.conf' }]);
			expect(await refused('backupCatalog', browse({ under: 'conf/ap.ini' }))).toMatchObject({
				message: 'nothing in the archive matches "conf/ap.ini"',
				description: expect.stringMatching(/^Nearest: "conf\/app\.ini".*\(invalid_parameter\)$/) as string,
			});
		});

		test('compared with the live volume: what was changed alarms, or is a result', async () => {
			const parameters = { select: 'id', record: byId(id), level: 'live', liveVolumes: app };
			expect(await refused('verifyArchive', { ...parameters, failOnBad: true })).toMatchObject({
				message: `${id} differs: 1 added, 0 removed, 2 changed`,
				context: { code: 'content_differs' },
			});
			expect(await items('verifyArchive', { ...parameters, failOnBad: false })).toMatchObject([
				{
					ok: false,
					differences: [
						{ kind: 'changed', path: '', what: ['mtime'] },
						{ kind: 'changed', path: 'conf/app.ini', what: ['size', 'mtime', 'content'] },
						{ kind: 'added', path: 'later' },
					],
				},
			]);
		});

		test('a part: one path of one volume; the other volume alone', async () => {
			const [part, other] = [lab.volumeName('part'), lab.volumeName('other')];
			const one = { volumesBy: 'name', target: 'named' };
			const restored = await restore({
				...one,
				volumeNames: app,
				newVolume: part,
				options: { paths: 'conf/deep' },
			});
			expect(restored).toMatchObject({ id, volumes: [{ source: app, volume: part }], entries: 2, lost: [] });
			const names = [...describeTree(await mountpoint(part)).keys()].sort();
			expect(names).toEqual(['.', 'conf', 'conf/deep', 'conf/deep/x.conf']);
			await restore({ ...one, volumeNames: db, newVolume: other });
			expect(await textIn(other, 'table')).toBe('rows');
		});

		test('into a directory of a volume that holds other things', async () => {
			const place = await lab.volume('place');
			await fill(place, { mine: 'mine' });
			const into = { into: '/restored/today' };
			const parameters = { volumesBy: 'name', volumeNames: app, target: 'named', newVolume: place };
			await restore({ ...parameters, options: into });
			expect(await textIn(place, 'mine')).toBe('mine');
			const today = join(await mountpoint(place), 'restored/today');
			expect(diffTrees(saved, describeTree(today))).toEqual([]);
		});

		test('a dry run says what it would write and stop, and changes nothing', async () => {
			const { output, error, text } = await untouched(() => run('restore', overwrite(app, { dryRun: true })));
			expect(error).toBeUndefined();
			expect(output('Node')).toMatchObject([
				{
					json: {
						dryRun: true,
						fits: true,
						over: 'overwrite',
						containersStopped: [user],
						containersStarted: [],
						entries: 6,
						bytes: expect.any(Number) as number,
						targets: [{ source: app, entriesNow: 3, freeBytes: expect.any(Number) as number }],
					},
				},
			]);
			expect(text).toContain('This was a dry run: nothing was changed.');
			const none = lab.volumeName('none');
			const fresh = { volumesBy: 'name', volumeNames: app, target: 'named', newVolume: none, dryRun: true };
			expect(await restore(fresh)).toMatchObject({ dryRun: true, over: 'new', containersStopped: [] });
			expect(await volumeExists(none)).toBe(false);
		});

		test.each([
			// An expression may give nothing; what is left empty in the panel n8n itself refuses.
			['nothing', () => '={{ "" }}'],
			['another name', () => db],
			['the name in capitals', () => app.toUpperCase()],
		])('over a volume, confirmed by %s: nothing is touched, nobody is stopped', async (_, confirm) => {
			const error = await untouched(() => refused('restore', overwrite(confirm())));
			expect(error).toMatchObject({
				message: expect.stringContaining(`overwriting volume "${app}" is`) as string,
				description: expect.stringContaining(`type its name: ${app}`) as string,
				context: { code: 'invalid_parameter' },
			});
		});

		test('over a volume in use: its user is stopped and runs again, with the old content back', async () => {
			const before = await stateOf(user);
			const safety = lab.job();
			const restored = await restore(overwrite(app, { safetyBackupJob: safety }));
			expect(restored).toMatchObject({
				over: 'overwrite',
				volumes: [{ source: app, volume: app }],
				containersStopped: [user],
				containersStarted: [user],
				previousContentRemoved: true,
				safetyBackup: expect.stringMatching(new RegExp(`^${safety}-`)) as string,
			});
			expect(diffTrees(saved, describeTree(root))).toEqual([]);
			expect(await stateOf(user)).toMatch(/^running /);
			expect(await stateOf(user)).not.toBe(before);
			expect(await docker('exec', user, 'cat', '/data/conf/app.ini')).toBe('saved');

			// And the way back.
			const record = byId(restored['safetyBackup']);
			await restore(overwrite(app, { record, volumesBy: 'all' }));
			expect(diffTrees(changed, describeTree(root))).toEqual([]);
			expect(await stateOf(user)).toMatch(/^running /);
		});

		test('a damaged backup is salvaged into a new volume, and what is lost is listed', async () => {
			const volume = await lab.volume('damaged');
			await fill(volume, { first: 'first', large: noise(16 << 20, 11), zuletzt: 'last' });
			const [made] = await items('backupVolume', backup(lab.job(), [volume]));
			const file = join(lab.repository, made!['filePath'] as string);
			const bytes = readFileSync(file);
			bytes[bytes.length >> 1]! ^= 1;
			writeFileSync(file, bytes);
			const target = lab.volumeName('salvaged');
			const parameters = { record: byId(made!['id']), volumesBy: 'all', target: 'named', newVolume: target };
			const error = await refused('restore', { select: 'id', ...parameters });
			expect(error?.context).toMatchObject({ code: 'archive_tampered' });
			expect(await volumeExists(target)).toBe(false);

			const salvaged = { select: 'id', ...parameters, options: { salvage: true } };
			const { output, text, error: failure } = await run('restore', salvaged);
			expect(failure).toBeUndefined();
			expect(output('Node')).toMatchObject([
				{ json: { lostEntries: 1, lost: [{ path: `volumes/${volume}/large` }], entries: 3 } },
			]);
			expect(text).toContain('1 entries of the damaged backup could not be restored.');
			expect(await textIn(target, 'zuletzt')).toBe('last');
			expect(existsSync(join(await mountpoint(target), 'large'))).toBe(false);
		});

		test('after a rotation: the old key among the previous ones opens it; without, the error names it', async () => {
			const directory = lab.directory();
			const [old, young] = [randomBytes(32), randomBytes(32)].map((key) => key.toString('base64'));
			const credential = async (name: string, secretKey: string, previous: readonly string[]) => {
				const data = {
					location: 'directory',
					directory,
					protection: 'key',
					secretKey,
					createIfEmpty: true,
					previousKeys: { keys: previous.map((value) => ({ type: 'key', value })) },
				};
				const saving = { name, type: 'backupRepositoryApi', data };
				const { id: saved } = await lab.rest.post<{ id: string }>('/rest/credentials', saving);
				return { id: saved, name };
			};
			const runWith = async (backupRepositoryApi: object, type: string, parameters: object) => {
				const workflow = chain('rotation', ['Node', type, { options: {}, ...parameters }]);
				const node = workflow.nodes[1]!;
				node['credentials'] = { ...(node['credentials'] as object), backupRepositoryApi };
				return await lab.execute(workflow);
			};
			const before = await credential('Before', old!, []);
			const made = await runWith(before, 'backupVolume', backup(lab.job(), [db]));
			expect(made.error).toBeUndefined();
			const record = made.output('Node')![0]!.json as { id: string; keyId: string };
			const target = lab.volumeName('rotated');
			const parameters = { select: 'id', record: byId(record.id), volumesBy: 'all', target: 'named' };
			const restoring = { ...parameters, newVolume: target };

			const forgotten = await runWith(await credential('Forgotten', young!, []), 'restore', restoring);
			expect(forgotten.error).toMatchObject({
				message: expect.stringContaining(record.keyId) as string,
				description: expect.stringMatching(/as a previous key\. \(key_wrong\)$/) as string,
			});
			expect(forgotten.text).not.toContain(young);
			expect(await volumeExists(target)).toBe(false);

			const rotated = await runWith(await credential('After', young!, [old!]), 'restore', restoring);
			expect(rotated.error).toBeUndefined();
			expect(await textIn(target, 'table')).toBe('rows');
		});
	});
}
