/** One n8n for all suites, with an owner, our two credentials, the shipped template, and an empty repository. */
import { randomBytes } from 'node:crypto';
import { lab as dockerLab } from '../../integration/cli/lab';
import { installN8n, type N8n } from './n8n';
import { logIn, type Execution, type Rest } from './rest';
import { credentials, template, type Workflow } from './workflows';

export interface Lab extends ReturnType<typeof dockerLab> {
	readonly n8n: N8n;
	readonly rest: Rest;
	/** Directory on the Docker host. */
	readonly repository: string;
	/** Of the repository; nobody but n8n's credential may hold it. */
	readonly key: string;
	/** The volume that the template backs up. */
	readonly templateVolume: string;
	/** Saves a workflow; its id. */
	save(workflow: Workflow): Promise<string>;
	/** Saves and runs a workflow by its trigger "Run Now". */
	execute(workflow: Workflow): Promise<Execution>;
	/** Restarts n8n, e.g. after it was killed. */
	start(): Promise<void>;
}

export const templateId = 'nightlyTemplate1';
export const trigger = 'Run Now';

/** Call once, at the top of the test file: the fields are there from the first test on. */
export function startLab(): Lab {
	const made = dockerLab();
	const repository = made.directory();
	const key = randomBytes(32).toString('base64');
	const source = made.volumeName('app-data');
	let n8n: N8n | undefined;
	let rest: Rest | undefined;
	const there = <T>(value: T | undefined): T => {
		if (value === undefined) throw new Error('the lab is not up yet');
		return value;
	};
	const lab: Lab = {
		...made,
		repository,
		key,
		templateVolume: source,
		get n8n() {
			return there(n8n);
		},
		get rest() {
			return there(rest);
		},
		async save(workflow) {
			const { id: _, ...document } = workflow;
			return (await lab.rest.post<{ id: string }>('/rest/workflows', document)).id;
		},
		async execute(workflow) {
			return await lab.rest.ended(await lab.rest.run(await lab.save(workflow), trigger));
		},
		async start() {
			await lab.n8n.start();
			rest = await logIn(lab.n8n.url);
		},
	};
	beforeAll(async () => {
		n8n = await installN8n(made.directory());
		await n8n.import(
			'credentials',
			credentials({ location: 'directory', directory: repository, protection: 'key', secretKey: key }),
		);
		const document = template('nightly-volume-backup.json', templateId, {
			'Back Up Volumes': { volumes: [source] },
		});
		await n8n.import('workflow', [document]);
		await lab.start();
	});
	afterAll(async () => {
		await n8n?.stop();
	});
	return lab;
}
