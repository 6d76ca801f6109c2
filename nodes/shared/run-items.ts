/**
 * One run of an operation for every input item, with that item's own parameters and credentials, in order.
 *
 * A failure stops the node, or, with Continue On Fail, becomes an item:
 *   regular output   `{...data, error: {code, message, hint}}`: a failed run beside the good ones
 *   error output     `{error: {code, message, hint}, message, details: data | null}`: n8n sends there only
 *                    items with no other keys (or with an `error` of their own, whose JSON it throws away)
 * A cancelled execution always stops.
 */
import type { IBinaryKeyData, IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { toBackupError, type BackupError, type OperationContext } from '../../operations';
import { fieldsOf, type Fields } from './fields';
import { errorJson, nodeError } from './node-error';
import { executionContext } from './operation-context';

export interface ItemRun {
	readonly context: OperationContext;
	readonly parameters: Fields;
	/** Decrypted data of the node's credential of this type. */
	credential(type: string): Promise<unknown>;
	/** Null when none is chosen. */
	optionalCredential(type: string): Promise<unknown>;
}

export interface Outcome {
	/** The item's JSON. */
	readonly data: object;
	/** Files beside it. */
	readonly binary?: IBinaryKeyData;
	/** Why what `data` describes went wrong. */
	readonly failure?: BackupError;
}

export interface ItemOutcomes {
	readonly outcomes: readonly Outcome[];
	/** Stops the node unless it continues on failure; by default the first outcome's. */
	readonly failure?: BackupError;
	/** Shown above the node's output. */
	readonly hints?: readonly string[];
}

export async function runItems(
	functions: IExecuteFunctions,
	run: (item: ItemRun) => Promise<ItemOutcomes>,
): Promise<INodeExecutionData[][]> {
	const context = executionContext(functions);
	const output: INodeExecutionData[] = [];
	for (const itemIndex of functions.getInputData().keys()) {
		const item = { context, ...accessTo(functions, itemIndex) };
		const { outcomes, failure, hints = [] } = await settle(item, run);
		const fatal = failure ?? outcomes.find((outcome) => outcome.failure)?.failure;
		if (fatal && (context.signal.aborted || !functions.continueOnFail())) {
			throw nodeError(functions.getNode(), fatal, itemIndex);
		}
		const hasErrorOutput = functions.getNode().onError === 'continueErrorOutput';
		output.push(...outcomes.map((outcome) => asItem(outcome, itemIndex, hasErrorOutput)));
		for (const message of hints)
			functions.addExecutionHints({ message, type: 'warning', location: 'outputPane' });
	}
	return [output];
}

async function settle(item: ItemRun, run: (item: ItemRun) => Promise<ItemOutcomes>): Promise<ItemOutcomes> {
	try {
		return await run(item);
	} catch (error) {
		return { outcomes: [{ data: {}, failure: toBackupError(error) }] };
	}
}

/** Parameters that are hidden at the moment read as absent. */
function accessTo(functions: IExecuteFunctions, itemIndex: number): Omit<ItemRun, 'context'> {
	return {
		parameters: fieldsOf((name) => functions.getNodeParameter(name, itemIndex, null)),
		credential: (type) => functions.getCredentials(type, itemIndex),
		optionalCredential: async (type) =>
			functions.getNode().credentials?.[type] ? await functions.getCredentials(type, itemIndex) : null,
	};
}

export function asItem(
	{ data, binary, failure }: Outcome,
	itemIndex: number,
	hasErrorOutput: boolean,
): INodeExecutionData {
	const pairedItem = { item: itemIndex };
	if (failure === undefined) return { json: data as IDataObject, ...(binary && { binary }), pairedItem };
	const error = { ...errorJson(failure) };
	if (!hasErrorOutput) return { json: { ...data, error }, pairedItem };
	const details = Object.keys(data).length > 0 ? (data as IDataObject) : null;
	return { json: { error, message: failure.message, details }, pairedItem };
}
