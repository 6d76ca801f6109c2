/** n8n's own REST interface, as its editor uses it: logged in as the owner. */
import { createRequire } from 'node:module';
import { until } from '../../integration/cli/lab';
import { owner } from './n8n';

export interface Item {
	readonly json: Record<string, unknown>;
	readonly error?: { readonly message: string };
	readonly pairedItem?: unknown;
}

export interface Execution {
	readonly id: string;
	readonly status: string;
	/** Everything n8n kept of it, as text. */
	readonly text: string;
	/** The error that ended it. */
	readonly error:
		| { readonly message: string; readonly description?: string; readonly context?: Record<string, unknown> }
		| undefined;
	/** How long n8n says that the node's last run took, ms. */
	nodeMs(node: string): number;
	/** As `outputOf`. */
	output(node: string, index?: number): Item[] | undefined;
}

export interface Rest {
	readonly cookie: string;
	/** The answer's data, as the caller knows it. */
	get<T>(path: string): Promise<T>;
	post<T>(path: string, body: object): Promise<T>;
	/** Runs a saved workflow from its trigger; the execution's id. */
	run(workflowId: string, trigger: string): Promise<string>;
	/** The execution once it has ended. */
	ended(executionId: string): Promise<Execution>;
}

export async function logIn(url: string): Promise<Rest> {
	const login = await fetch(`${url}/rest/login`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ emailOrLdapLoginId: owner.email, password: owner.password }),
	});
	if (!login.ok) throw new Error(`log in: ${login.status} ${await login.text()}`);
	const cookie = login.headers
		.getSetCookie()
		.map((line) => line.split(';')[0])
		.join('; ');

	const ask = async <T>(path: string, options: RequestInit): Promise<T> => {
		const answer = await fetch(url + path, {
			...options,
			headers: { cookie, 'content-type': 'application/json' },
		});
		const text = await answer.text();
		if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
		return (JSON.parse(text) as { data: T }).data;
	};
	const get: Rest['get'] = (path) => ask(path, { method: 'GET' });
	const post: Rest['post'] = (path, body) => ask(path, { method: 'POST', body: JSON.stringify(body) });
	return {
		cookie,
		get,
		post,
		async run(workflowId, name) {
			const started = await post<{ executionId: string }>(`/rest/workflows/${workflowId}/run`, {
				triggerToStartFrom: { name },
			});
			return started.executionId;
		},
		ended: async (executionId) =>
			await until(`execution ${executionId} to end`, async () => {
				const stored = await get<StoredExecution>(`/rest/executions/${executionId}`);
				return ['new', 'running', 'waiting'].includes(stored.status) ? undefined : readExecution(stored);
			}),
	};
}

interface StoredExecution {
	readonly id: string;
	readonly status: string;
	readonly data: string;
}

export interface RunData {
	readonly resultData: {
		readonly error?: Execution['error'];
		readonly runData: Readonly<
			Record<
				string,
				{ readonly executionTime?: number; readonly data?: { readonly main?: (Item[] | null)[] } }[]
			>
		>;
	};
}

/** n8n keeps executions as text of the package flatted. */
const { parse } = createRequire(__filename)('flatted') as { parse(text: string): RunData };

function readExecution({ id, status, data }: StoredExecution): Execution {
	const run = parse(data);
	return {
		id,
		status,
		text: data,
		error: run.resultData.error,
		nodeMs: (node) => run.resultData.runData[node]?.at(-1)?.executionTime ?? NaN,
		output: (node, index) => outputOf(run, node, index),
	};
}

/** What came out of a node at an output in its last run; undefined when it did not run. */
export function outputOf({ resultData }: RunData, node: string, index = 0): Item[] | undefined {
	return resultData.runData[node]?.at(-1)?.data?.main?.[index] ?? undefined;
}
