/** Which of a host's resources are listed. Throws `usage`. */
import type { ResourceFilter } from '../../operations/index';
import { usage } from '../parse-arguments';
import type { Flag, Values } from '../verb';

export const filterFlags = [
	{ name: 'label', value: 'LABEL', repeatable: true, help: 'Only with this label: KEY or KEY=VALUE' },
	{ name: 'name', value: 'GLOB', help: 'Only of this name, e.g. "app_*"' },
	{ name: 'project', value: 'PROJECT', help: 'Only of this Compose project, or used by its containers' },
] as const satisfies readonly Flag[];

export function filterOf({ label, name, project }: Values<typeof filterFlags>): ResourceFilter {
	return { labels: label, name: name ?? null, project: project ?? null };
}

export const sizesFlag = {
	name: 'sizes',
	help: 'Also how much each occupies; Docker walks through all volumes for it',
} as const satisfies Flag;

export const anonymousFlag = {
	name: 'anonymous',
	help: 'Also volumes whose name Docker made up',
} as const satisfies Flag;

const unitsMs = { h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of `26h` or `7d`. */
export function parseAge(flag: string, text: string): number {
	const [, digits, unit = 'h'] = /^(\d{1,6})([hd])$/.exec(text) ?? [];
	if (digits === undefined || Number(digits) === 0)
		throw usage(`--${flag} ${JSON.stringify(text)} is no age`, 'Write hours or days, e.g. 26h or 7d.');
	return Number(digits) * unitsMs[unit === 'd' ? 'd' : 'h'];
}
