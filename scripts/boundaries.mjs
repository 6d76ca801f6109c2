/**
 * The house's import rule, as ESLint configuration: imports run downward only.
 *   nodes, credentials → operations' public face and n8n-workflow
 *   cli                → the public faces of operations and engine
 *   operations         → docker, protocol, engine's public face
 *   docker, engine     → protocol         (and never each other)
 *   protocol           → nothing
 * Below nodes and credentials nobody knows n8n; only docker/ knows dockerode; n8n-core is for tests.
 */
const face = './index.ts';

/** For each part: the parts it may import, and of those only the public face where it says so. */
const allowed = {
	nodes: { credentials: 'all', operations: 'face' },
	credentials: { nodes: 'all', operations: 'face' },
	cli: { operations: 'face', engine: 'face' },
	operations: { docker: 'all', protocol: 'all', engine: 'face' },
	docker: { protocol: 'all' },
	engine: { protocol: 'all' },
	protocol: {},
};
const parts = Object.keys(allowed);

function zones(part) {
	const others = [...parts, 'test'].filter((other) => other !== part && allowed[part][other] !== 'all');
	return others.map((other) => ({
		target: `./${part}`,
		from: `./${other}`,
		...(allowed[part][other] === 'face' && { except: [face] }),
		message:
			allowed[part][other] === 'face'
				? `${part}/ sees only ${other}/index.ts.`
				: `${part}/ must not import ${other}/ (imports run downward only).`,
	}));
}

const isN8nFacing = (part) => part === 'nodes' || part === 'credentials';

function packages(part) {
	const n8n = ['n8n-workflow', 'n8n-workflow/*', 'n8n-core', 'n8n-core/*', 'n8n'];
	const docker = ['dockerode', 'docker-modem', 'ssh2'];
	// What n8n loads from us has nothing installed beside it but n8n-workflow.
	if (isN8nFacing(part)) {
		return [
			{
				regex: '^(?!\\.|node:|n8n-workflow$)',
				message: `${part}/ imports only n8n-workflow, node: modules and files of this package.`,
			},
		];
	}
	return [
		{ group: n8n, message: 'Only nodes/ and credentials/ know n8n.' },
		...(part === 'docker' ? [] : [{ group: docker, message: 'Only docker/ knows dockerode.' }]),
	];
}

/** Random bytes come from the source passed in; random.ts is where it is made. */
const randomNames = ['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID', 'webcrypto'];
const noAmbientRandom = ['node:crypto', 'crypto'].map((name) => ({
	name,
	importNames: randomNames,
	message: 'Take a random source as a parameter (protocol/random.ts).',
}));

/** @param root the folder that holds the parts */
export const boundaries = (root) =>
	parts.flatMap((part) => [
		{
			files: [`${part}/**/*.ts`],
			rules: {
				'import-x/no-restricted-paths': ['error', { basePath: root, zones: zones(part) }],
				'no-restricted-imports': ['error', { paths: noAmbientRandom, patterns: packages(part) }],
			},
		},
		{
			files: [`${part}/**/random.ts`],
			rules: { 'no-restricted-imports': ['error', { patterns: packages(part) }] },
		},
	]);
