/** Containers, networks and volumes of one test file on the machine's real Docker Engine, removed when it ends. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { cli, docker, json, lab as commandLab, unique, until } from '../cli/lab';

export interface Difference {
	readonly field: string;
	readonly archived: string | null;
	readonly now: string | null;
}

export interface Restored {
	readonly container: { readonly id: string | null; readonly name: string; readonly started: boolean };
	readonly image: { readonly reference: string; readonly from: string };
	readonly volumes: readonly {
		readonly source: string | null;
		readonly place: string;
		readonly action: string;
	}[];
	readonly networksCreated: readonly string[];
	readonly portsTaken: readonly string[];
	readonly replaced: { readonly id: string; readonly name: string | null } | null;
	readonly differences: readonly Difference[] | null;
	readonly warnings: readonly string[];
}

export interface Taken {
	readonly id: string;
	readonly status: string;
	readonly kind: string;
	readonly runId: string;
	readonly consistency: string;
	readonly sources: readonly { readonly type: string; readonly name: string }[];
	readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

const run = promisify(execFile);

export function containerLab() {
	const commands = commandLab();
	const containers: string[] = [];
	const networks: string[] = [];
	const volumes: string[] = [];
	const images: string[] = [];
	afterAll(async () => {
		// Names, since a restore makes others of the same name.
		for (const name of containers) await run('docker', ['rm', '-f', '-v', name]).catch(() => undefined);
		for (const name of networks) await run('docker', ['network', 'rm', name]).catch(() => undefined);
		for (const name of volumes) await run('docker', ['volume', 'rm', '-f', name]).catch(() => undefined);
		for (const name of images) await run('docker', ['rmi', '-f', name]).catch(() => undefined);
	}, 120_000);
	const kept = (list: string[]) => (what: string) => {
		const name = unique(what);
		list.push(name);
		return name;
	};
	const repository = commands.directory();
	const at = ['--repository', repository, '--no-encrypt', '--level', '1'];
	return {
		...commands,
		repository,
		/** Free names; what gets them is removed in the end. */
		containerName: kept(containers),
		networkName: kept(networks),
		volumeName: kept(volumes),
		imageName: kept(images),
		alsoRemove: (name: string) => void volumes.push(name),
		async backup(containerNames: readonly string[], ...flags: string[]): Promise<readonly Taken[]> {
			const line = ['backup', 'container', ...containerNames, '--job', commands.job(), ...at, ...flags];
			return (await json<{ records: Taken[] }>(line)).records;
		},
		restore: (id: string, ...flags: string[]) =>
			json<Restored>(['restore', 'container', id, '--repository', repository, ...flags]),
		async refused(id: string, ...flags: string[]) {
			const ended = await cli([
				'restore',
				'container',
				id,
				'--repository',
				repository,
				...flags,
				'--json',
				'--quiet',
			]);
			expect(ended.code).not.toBe(0);
			const { error } = JSON.parse(ended.stdout.toString()) as {
				error: { code: string; message: string; hint: string | null };
			};
			return error;
		},
	};
}

/** The body of a page, once it answers. */
export async function page(url: string): Promise<string> {
	let body: string | undefined;
	await until(`an answer of ${url}`, async () => {
		body = await fetch(url).then(
			(answer) => answer.text(),
			() => undefined,
		);
		return body !== undefined;
	});
	return body ?? '';
}

/** `127.0.0.1:<port>` of a container's port. */
export async function published(container: string, port: number): Promise<string> {
	const [first = ''] = (await docker('port', container, String(port))).split('\n');
	return first;
}

export const exists = async (what: 'container' | 'network' | 'volume', name: string): Promise<boolean> =>
	run('docker', [what, 'inspect', name]).then(
		() => true,
		() => false,
	);
