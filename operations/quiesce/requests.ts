/** What a backup is asked about the containers that use its sources. */

export interface QuiesceRequest {
	/** `none` still runs the commands. */
	readonly mode: 'none' | 'pause' | 'stop';
	/** `using`: those that use the sources of an archive; `named` and `labelled`: these, for every archive. */
	readonly which: 'using' | 'named' | 'labelled';
	/** named: names or ids. */
	readonly containers: readonly string[];
	/** labelled: `key` or `key=value`; all must fit. */
	readonly labels: readonly string[];
	/** Names or ids of containers that go on whatever they use. */
	readonly except: readonly string[];
	/** Whether a second container starts them again should this process never come back. */
	readonly guard: boolean;
	/** When they are started again though the sources are not read yet; the archive then fails. */
	readonly downtimeLimitMs: number;
	/** How long to wait for another backup that holds one of them. */
	readonly waitMs: number;
	/** How long a container that has a health check may take to become healthy again; 0: it is not waited for. */
	readonly healthLimitMs: number;
	/** Before they are stopped, and after they run again (also after a failure, once one of `before` was run). */
	readonly before: readonly ContainerCommand[];
	readonly after: readonly ContainerCommand[];
	/** Host names, container names or ids of what this process itself lives on: never stopped. */
	readonly livesOn: readonly string[];
}

export interface ContainerCommand {
	readonly container: string;
	readonly command: readonly [string, ...string[]];
	/** Default: the container's own. */
	readonly user?: string;
	readonly limitMs: number;
	/** `continue`: a failure becomes a warning of the record. */
	readonly onFailure: 'fail' | 'continue';
}

/** What is taken where nothing is said. */
export const quiesceDefaults = {
	downtimeLimitMs: 3_600_000,
	waitMs: 600_000,
	healthLimitMs: 120_000,
	commandLimitMs: 300_000,
} as const;

/** Everything goes on, and nothing is run. */
export const noQuiesce: QuiesceRequest = {
	mode: 'none',
	which: 'using',
	containers: [],
	labels: [],
	except: [],
	guard: true,
	downtimeLimitMs: quiesceDefaults.downtimeLimitMs,
	waitMs: quiesceDefaults.waitMs,
	healthLimitMs: quiesceDefaults.healthLimitMs,
	before: [],
	after: [],
	livesOn: [],
};
