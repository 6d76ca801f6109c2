/** What was made, to be taken back in the reverse order when something fails. */
import { joinErrors } from '../../protocol/errors';

export class Undo {
	private readonly steps: (() => Promise<void>)[] = [];

	add(step: () => Promise<void>): void {
		this.steps.push(step);
	}

	/** All of them, whatever fails; the error that led here, joined with theirs. Without signal: a cancelled one is undone, too. */
	async run(failure: unknown): Promise<unknown> {
		let joined = failure;
		for (const step of this.steps.toReversed()) {
			await step().catch((error: unknown) => (joined = joinErrors(joined, error)));
		}
		return joined;
	}
}
