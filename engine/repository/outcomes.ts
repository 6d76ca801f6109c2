/** What became of a promise, as a value: for steps that go on after a failure and report it later. */

/** Never rejects, so that what is under way may fail while nobody waits for it. */
export async function outcomeOf<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
	const [outcome] = await Promise.allSettled([promise]);
	return outcome;
}

/** What a promise failed with; undefined when it did not. Never rejects. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
	const outcome = await outcomeOf(promise);
	return outcome.status === 'rejected' ? outcome.reason : undefined;
}
