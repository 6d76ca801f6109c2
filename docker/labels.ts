/**
 * The labels that make runners findable on their host: Docker is the journal. They carry names and plans,
 * never a secret, and nothing that depends on the host they were started from.
 */
export const labels = {
	/** What the container is for; every container of ours has it. */
	role: 'n8n-nodes-docker-backup.role',
	/** Reference of its image, since the container itself is created from the image's id. */
	image: 'n8n-nodes-docker-backup.image',
	run: 'n8n-nodes-docker-backup.run',
	job: 'n8n-nodes-docker-backup.job',
	/** Milliseconds from its creation, after which a drill's container is nobody's, even while it runs. */
	mostLife: 'n8n-nodes-docker-backup.most-life',
	/** ISO 8601, by the clock of whoever started it: for people; ages are told by the daemon's clock. */
	created: 'n8n-nodes-docker-backup.created',
	/** Of holds: the id of the container that rests, and the plan for it (`Held`). */
	held: 'n8n-nodes-docker-backup.held',
	heldName: 'n8n-nodes-docker-backup.held-name',
	heldMode: 'n8n-nodes-docker-backup.held-mode',
	heldProject: 'n8n-nodes-docker-backup.held-project',
	heldService: 'n8n-nodes-docker-backup.held-service',
	heldNumber: 'n8n-nodes-docker-backup.held-number',
	/** `true`: a restore replaces what the container uses; nobody but that restore starts it again. */
	heldReplaced: 'n8n-nodes-docker-backup.held-replaced',
	/** Which of its run's is started first, second, …: a decimal number. */
	heldOrder: 'n8n-nodes-docker-backup.held-order',
} as const;

/** Labels of a run's runner; `job` is null for work that belongs to no job. */
export function runLabels(run: {
	runId: string;
	job: string | null;
	created: string;
}): Record<string, string> {
	return {
		[labels.run]: run.runId,
		...(run.job !== null && { [labels.job]: run.job }),
		[labels.created]: run.created,
	};
}
