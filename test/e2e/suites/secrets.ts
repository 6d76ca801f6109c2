/**
 * Keys and passphrases are nowhere but in n8n's encrypted credentials: not in what Docker shows of a runner
 * at work, not in any process's command line or environment, not in n8n's log, database or execution data,
 * not in the repository. Each search also looks for something that must be found, so that it can't be blind.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { archiveKey, deriveMasterKey, parseDocument, type Secret } from '../../../engine/index';
import { noise } from '../../trees/odd-tree';
import { docker, fill, runnersOf, until } from '../../integration/cli/lab';
import { trigger, type Lab } from '../lab/lab';
import { backup, chain } from '../lab/workflows';

const passphrase = 'never to be seen: velvet otter 7731';

export function secretSuite(lab: Lab): void {
	describe('secrets', () => {
		/** What a search found, by needle. */
		const seen = new Map<string, string[]>();
		const secrets = new Map<string, Buffer>();
		let job: string;

		function hide(name: string, bytes: Buffer): void {
			secrets.set(`${name}, raw`, bytes);
			secrets.set(`${name}, base64`, Buffer.from(bytes.toString('base64').replace(/=+$/, '')));
			secrets.set(`${name}, hex`, Buffer.from(bytes.toString('hex')));
		}

		function look(where: string, text: Buffer): void {
			for (const [name, bytes] of [...secrets, ['the job', Buffer.from(job)] as const]) {
				if (text.includes(bytes)) seen.set(name, [...(seen.get(name) ?? []), where]);
			}
		}

		const found = (name: string): string[] => seen.get(name) ?? [];

		function expectNoSecret(): void {
			for (const name of secrets.keys()) expect({ [name]: found(name) }).toEqual({ [name]: [] });
		}

		beforeAll(async () => {
			job = lab.job();
			hide('the key', Buffer.from(lab.key, 'base64'));
			secrets.set('the passphrase', Buffer.from(passphrase));
			const volume = await lab.volume('noise');
			await fill(volume, { noise: noise(60 << 20, 9) });

			const directory = lab.directory();
			const credential = await lab.rest.post<{ id: string }>('/rest/credentials', {
				name: 'With a passphrase',
				type: 'backupRepositoryApi',
				data: { location: 'directory', directory, protection: 'passphrase', passphrase, createIfEmpty: true },
			});
			const slow = chain('secret', [
				'Backup',
				'backupVolume',
				backup(job, [volume], { compressionLevel: 19 }),
			]);
			const other = structuredClone(slow);
			const credentials = other.nodes[1]!['credentials'] as Record<string, object>;
			credentials['backupRepositoryApi'] = { id: credential.id, name: 'With a passphrase' };

			for (const [workflow, root, secret] of [
				[slow, lab.repository, { type: 'raw', key: lab.key }],
				[other, directory, { type: 'passphrase', passphrase }],
			] as const) {
				const id = await lab.save(workflow);
				await searchWhileItRuns(id, root, secret);
				const { stdout, stderr } = await lab.n8n.command('execute', `--id=${id}`);
				look('output of n8n execute', Buffer.from(stdout + stderr));
			}
		});

		async function searchWhileItRuns(workflowId: string, root: string, secret: Secret): Promise<void> {
			const execution = await lab.rest.run(workflowId, trigger);
			const [runner] = await until('the runner', async () => {
				const runners = await runnersOf(job, 'running');
				return runners.length > 0 ? runners : undefined;
			});
			await until('the keys to be handed over', () =>
				filesBelow(join(root, 'jobs', job)).some((file) => file.endsWith('.run.json')),
			);
			const inspected = await docker('inspect', runner!);
			const pid = await docker('inspect', '-f', '{{.State.Pid}}', runner!);
			const processes = readProcesses();
			for (const what of ['cmdline', 'environ']) {
				for (const process of [pid, lab.n8n.pid])
					expect(processes.map(([path]) => path)).toContain(`/proc/${process}/${what}`);
			}
			expect(await runnersOf(job, 'running')).toEqual([runner]);
			const { output, text, error } = await lab.rest.ended(execution);
			expect(error).toBeUndefined();

			// Only now are the archive's own key and the passphrase's master key known here.
			const { archiveId, kdf } = output('Backup')![0]!.json as {
				archiveId: string;
				kdf: { id: 'raw'; logN: number; salt: string };
			};
			const master = await deriveMasterKey(secret, kdf);
			hide(`the master key of a ${secret.type} secret`, master);
			hide(`the archive's key under a ${secret.type} secret`, archiveKey(master, archiveId));
			expect(parseDocument(readFileSync(join(root, 'repository.json'), 'utf8')).publicKey).not.toBeNull();

			look('docker inspect', Buffer.from(inspected));
			for (const [path, bytes] of processes) look(path, bytes);
			look('execution data', Buffer.from(text));
			for (const file of filesBelow(root)) look(file.replace(root, 'repository'), readFileSync(file));
		}

		test('are not in docker inspect, processes, execution data and the repository', () => {
			expectNoSecret();
			expect(found('the job')).toEqual(
				expect.arrayContaining(['docker inspect', 'execution data', 'output of n8n execute']),
			);
			expect(found('the job').some((where) => where.startsWith('repository/'))).toBe(true);
		});

		test("are not in n8n's log, database and other files", () => {
			seen.clear();
			for (const file of filesBelow(lab.n8n.folder))
				look(file.replace(lab.n8n.folder, ''), readFileSync(file));
			expectNoSecret();
			expect(lab.n8n.log()).toContain('Running node "Backup" finished successfully');
			expect(found('the job').some((where) => where.startsWith('/.n8n/database.sqlite'))).toBe(true);
		});
	});
}

/** Command line and environment of every process on the machine, the containers' included. */
function readProcesses(): [string, Buffer][] {
	return readdirSync('/proc')
		.filter((name) => /^\d+$/.test(name))
		.flatMap((pid) => ['cmdline', 'environ'].map((what) => `/proc/${pid}/${what}`))
		.flatMap((path): [string, Buffer][] => {
			try {
				return [[path, readFileSync(path)]];
			} catch (error) {
				// It has ended; or it is the machine's own, which a sandbox may keep even from root.
				if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code!))
					return [];
				throw error;
			}
		});
}

function filesBelow(folder: string): string[] {
	try {
		return readdirSync(folder, { recursive: true })
			.map((name) => join(folder, String(name)))
			.filter((path) => statSync(path).isFile());
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
		throw error;
	}
}
