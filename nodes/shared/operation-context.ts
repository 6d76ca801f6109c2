/**
 * What an operation needs of the execution that it runs in: the real clock and random source, n8n's cancel
 * signal, who asks (for records), and where progress goes: to the browser's console in a manual run, else
 * to n8n's log at level debug.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { systemClock, systemRandom, type OperationContext } from '../../operations';
import { narrate } from './progress';

export function executionContext(functions: IExecuteFunctions): OperationContext {
	const { id, name } = functions.getWorkflow();
	const isManual = functions.getMode() === 'manual';
	return {
		clock: systemClock,
		random: systemRandom,
		signal: functions.getExecutionCancelSignal() ?? neverAborted(),
		// A workflow that was never saved has no id yet; an execution that is not kept, none either.
		workflow: { id: id ?? '', name: name ?? '', executionId: functions.getExecutionId() ?? '' },
		onEvent: narrate(systemClock, (line) =>
			isManual
				? functions.sendMessageToUI(line)
				: functions.logger.debug(`${functions.getNode().name}: ${line}`),
		),
	};
}

/** For pickers and credential tests: nobody listens, and nobody waits longer than `limitMs`. */
export function briefContext(limitMs: number): OperationContext {
	return {
		clock: systemClock,
		random: systemRandom,
		signal: AbortSignal.timeout(limitMs),
		workflow: null,
		onEvent: () => undefined,
	};
}

function neverAborted(): AbortSignal {
	return new AbortController().signal;
}
