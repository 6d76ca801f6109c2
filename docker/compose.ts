/** What Docker Compose writes on the containers, volumes and networks that it makes. */
export const composeLabels = {
	project: 'com.docker.compose.project',
	/** Of containers. */
	service: 'com.docker.compose.service',
} as const;

type Labels = Readonly<Record<string, string>>;

/** Null: it belongs to none. */
export const projectOf = (labels: Labels): string | null => labels[composeLabels.project] ?? null;

export const serviceOf = (labels: Labels): string | null => labels[composeLabels.service] ?? null;
