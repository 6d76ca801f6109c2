/** docs/docker-access.json as the tests and the page read it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Operation {
	readonly name: string;
	/** `METHOD /path`, as in `paths`. */
	readonly calls: readonly string[];
}

export interface Access {
	/** What a socket proxy calls the calls that begin so. */
	readonly variables: Readonly<Record<string, string>>;
	readonly operations: readonly Operation[];
}

const docs = join(__dirname, '../../../docs');
export const access = JSON.parse(readFileSync(join(docs, 'docker-access.json'), 'utf8')) as Access;
export const page = readFileSync(join(docs, 'DOCKER-ACCESS.md'), 'utf8');

/** Paths whose parts are ids and names. */
const shapes: readonly (readonly [RegExp, string])[] = [
	[/^\/containers\/(?!json$|create$)[^/]+/, '/containers/{id}'],
	[/^\/exec\/[^/]+/, '/exec/{id}'],
	[/^\/images\/(?!json$|create$|get$|load$).+\/(json|get)$/, '/images/{name}/$1'],
	[/^\/volumes\/(?!create$)[^/]+/, '/volumes/{name}'],
	[/^\/networks\/(?!create$)[^/]+/, '/networks/{id}'],
];

/** `GET /containers/4f…/json` → `GET /containers/{id}/json` */
export function callOf(call: string): string {
	const [method = '', path = ''] = call.split(/ (.*)/s);
	const shape = shapes.find(([pattern]) => pattern.test(path));
	return `${method} ${shape ? path.replace(shape[0], shape[1]) : path}`;
}

export function allowedBy(name: string, method: string, path: string): boolean {
	const operation = access.operations.find((each) => each.name === name);
	if (!operation || process.env['LEARN']) return true;
	const call = callOf(`${method} ${path}`);
	return operation.calls.includes(call) || isRecovery(call);
}

/** Of runs that died: their runners are removed, and the containers that they left at rest go on. */
export function isRecovery(call: string): boolean {
	const recovery = access.operations.find(({ name }) => name === 'What a run left that died');
	const starts = ['POST /containers/{id}/start', 'POST /containers/{id}/unpause'];
	return [...(recovery?.calls ?? []), ...starts].includes(call);
}

/** The tables of docs/DOCKER-ACCESS.md. */
export function tables(): string {
	const calls = [...new Set(access.operations.flatMap((operation) => operation.calls))].sort(byPath);
	const variableOf = (call: string): string => {
		const path = call.split(' ')[1] ?? '';
		const found = Object.entries(access.variables).find(([prefix]) => path.startsWith(prefix));
		if (!found) throw new Error(`no variable for ${call}`);
		return found[1];
	};
	const needs = (each: readonly string[]): string => {
		const variables = [...new Set(each.map(variableOf))].sort();
		if (each.some((call) => !call.startsWith('GET '))) variables.push('POST');
		return variables.map((name) => `\`${name}\``).join(' ');
	};
	return [
		'| operation | variables | calls |',
		'| --- | --- | --- |',
		...access.operations.map(
			(operation) =>
				`| ${operation.name} | ${needs(operation.calls)} | ${operation.calls
					.toSorted(byPath)
					.map((call) => String(calls.indexOf(call) + 1))
					.join(', ')} |`,
		),
		'',
		'|  | call | variables |',
		'| --- | --- | --- |',
		...calls.map((call, at) => `| ${at + 1} | \`${call}\` | ${needs([call])} |`),
	].join('\n');
}

function byPath(one: string, other: string): number {
	const [a = '', b = ''] = [one, other].map((call) => call.split(' ').toReversed().join(' '));
	return a < b ? -1 : a > b ? 1 : 0;
}
