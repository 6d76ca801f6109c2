/**
 * What a command of the CLI is: its words, flags, help and deed. Verbs are data plus one function, so that
 * parsing, help and the run are written once; `defineVerb` is where their types meet.
 */
import type { Writable } from 'node:stream';
import type { BackupError, OperationContext } from '../operations/index';

export interface Flag {
	readonly name: string;
	/** How help shows its value; a flag without one is a switch. */
	readonly value?: string;
	/** May be given several times. */
	readonly repeatable?: true;
	readonly help: string;
}

/** The value of every flag by its name: a list when repeatable, a text when it takes one, else a switch. */
export type Values<F extends readonly Flag[]> = {
	readonly [K in F[number] as K['name']]: K extends { readonly repeatable: true }
		? readonly string[]
		: K extends { readonly value: string }
			? string | undefined
			: boolean;
};

export interface Given<F extends readonly Flag[]> {
	/** What stands on the line besides command and flags. */
	readonly operands: readonly string[];
	readonly flags: Values<F>;
}

/** What surrounds a command: nothing below `main.ts` looks at the process itself. */
export interface Shell {
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Absolute path that relative paths start from. */
	readonly directory: string;
	/** For bytes that are the result themselves (`decrypt` without `--out`). */
	readonly stdout: Writable & { readonly isTTY?: boolean };
	/** Whether stdout belongs to one JSON document. */
	readonly json: boolean;
	readonly context: OperationContext;
}

export interface Outcome {
	/** The one document of `--json`; null when the result went to stdout already. */
	readonly document: object | null;
	/** The same for people: whole lines. */
	readonly text: string;
	/** What went wrong though there is something to show; decides the exit code. */
	readonly error?: BackupError;
}

export interface VerbDefinition<F extends readonly Flag[]> {
	/** One or two words. */
	readonly name: string;
	/** Operands as the usage line shows them; '' when there are none. */
	readonly operands: string;
	readonly summary: string;
	/** What more there is to know, a sentence a line. */
	readonly details: readonly string[];
	readonly flags: F;
	/** Names of flags that must be given. */
	readonly required: readonly F[number]['name'][];
	readonly examples: readonly string[];
	run(given: Given<F>, shell: Shell): Promise<Outcome>;
}

export type RawFlags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** A verb whose flags' types are known to itself only. */
export interface Verb extends Omit<VerbDefinition<readonly Flag[]>, 'run' | 'required'> {
	readonly required: readonly string[];
	run(
		given: { readonly operands: readonly string[]; readonly flags: RawFlags },
		shell: Shell,
	): Promise<Outcome>;
}

export function defineVerb<const F extends readonly Flag[]>(definition: VerbDefinition<F>): Verb {
	return {
		...definition,
		// The parser fills in every flag of this very list, in the shape that `Values` says.
		run: ({ operands, flags }, shell) => definition.run({ operands, flags: flags as Values<F> }, shell),
	};
}
