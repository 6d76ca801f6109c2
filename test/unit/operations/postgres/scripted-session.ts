/** A session whose answers a test gives: by the first pattern that a statement matches, rows or an error. */
import type { PsqlSession } from '../../../../operations/postgres/psql';
import type { Fields } from '../../../../protocol/parse';

export type Answer = readonly Fields[] | Error | ((sql: string) => readonly Fields[]);

export interface ScriptedSession extends PsqlSession {
	/** In their order. */
	readonly statements: readonly string[];
}

export function scriptedSession(answers: readonly (readonly [RegExp, Answer])[]): ScriptedSession {
	const statements: string[] = [];
	return {
		statements,
		async query(sql) {
			statements.push(sql);
			const answer = answers.find(([pattern]) => pattern.test(sql))?.[1];
			if (answer === undefined) throw new Error(`nobody expected ${sql}`);
			if (answer instanceof Error) throw answer;
			return [...(typeof answer === 'function' ? answer(sql) : answer)];
		},
		execute: async (sql) => void statements.push(sql),
		close: async () => undefined,
	};
}
