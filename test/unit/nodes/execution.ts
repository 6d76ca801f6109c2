/** n8n's `this` in `execute`, as far as the nodes use it; all else they use is real. */
import { type IExecuteFunctions, type INode, type NodeExecutionHint } from 'n8n-workflow';

export interface Told {
	readonly ui: unknown[];
	readonly log: string[];
	readonly hints: NodeExecutionHint[];
}

export interface Given {
	readonly items?: number;
	/** Values by name; a function gives one per item. */
	readonly parameters?: Readonly<Record<string, unknown>>;
	readonly credentials?: Readonly<Record<string, object>>;
	readonly onError?: INode['onError'];
	readonly mode?: 'manual' | 'trigger';
	readonly signal?: AbortSignal;
	readonly workflow?: { id?: string; name?: string };
	readonly executionId?: string;
}

export function execution(given: Given = {}): { functions: IExecuteFunctions; told: Told; node: INode } {
	const node: INode = {
		id: '1',
		name: 'Backup Volume',
		type: 'n8n-nodes-docker-backup.backupVolume',
		typeVersion: 1,
		position: [0, 0],
		parameters: {},
		...(given.onError && { onError: given.onError }),
		credentials: Object.fromEntries(
			Object.keys(given.credentials ?? {}).map((type) => [type, { id: type, name: type }]),
		),
	};
	const told: Told = { ui: [], log: [], hints: [] };
	const functions = {
		getNode: () => node,
		getMode: () => given.mode ?? 'trigger',
		getWorkflow: () => ({ active: true, ...(given.workflow ?? { id: 'w1', name: 'Back up nightly' }) }),
		getExecutionId: () => given.executionId ?? '42',
		getExecutionCancelSignal: () => given.signal,
		getInputData: () => Array.from({ length: given.items ?? 1 }, (_, n) => ({ json: { n } })),
		getNodeParameter: (name: string, itemIndex: number, fallback: unknown) => {
			const value = given.parameters?.[name];
			return (
				(typeof value === 'function' ? (value as (item: number) => unknown)(itemIndex) : value) ?? fallback
			);
		},
		getCredentials: (type: string) => Promise.resolve(given.credentials?.[type] ?? {}),
		continueOnFail: () => node.onError !== undefined && node.onError !== 'stopWorkflow',
		sendMessageToUI: (message: unknown) => told.ui.push(message),
		addExecutionHints: (...hints: NodeExecutionHint[]) => told.hints.push(...hints),
		logger: { debug: (line: string) => told.log.push(line) },
	};
	return { functions: functions as unknown as IExecuteFunctions, told, node };
}
