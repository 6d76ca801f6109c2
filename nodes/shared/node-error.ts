/** A failure as n8n shows it: the message as it is, below it the hint and the code. */
import { ExecutionBaseError, NodeOperationError, type INode } from 'n8n-workflow';
import type { BackupError } from '../../operations';

export function nodeError(node: INode, failure: BackupError, itemIndex: number): ExecutionBaseError {
	const { cause, code, hint, message } = failure;
	// n8n's own, e.g. of an expression or a missing credential: it knows best how to show them.
	if (code === 'unexpected' && cause instanceof ExecutionBaseError) return cause;
	const error = new NodeOperationError(node, failure, {
		description: `${hint === undefined ? '' : `${hint} `}(${code})`,
		itemIndex,
	});
	// n8n replaces messages that mention an errno (ENOENT, EACCES, …) by a general one.
	error.message = message;
	error.messages = [];
	error.context['code'] = code;
	return error;
}

/** The same failure as data. */
export interface ErrorJson {
	readonly code: string;
	readonly message: string;
	readonly hint: string | null;
}

export function errorJson({ code, message, hint }: BackupError): ErrorJson {
	return { code, message, hint: hint ?? null };
}
