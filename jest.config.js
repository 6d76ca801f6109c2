/**
 * Four projects, chosen with `--selectProjects`:
 * unit         mirrors the source; no Docker, no network
 * integration  a real Docker Engine
 * e2e          a real n8n with the packed tarball installed
 * long         figures and sizes that take too long for every run; npm run test:long
 * scripts/jest runs them: under Node 24 (the engine needs its zstd), with each project's time limit per test
 * (jest knows none per project).
 */
const project = (name) => ({
	displayName: name,
	testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
	testEnvironment: 'node',
	transform: {
		'^.+\\.ts$': [
			'@swc/jest',
			{
				jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2023' },
				module: { type: 'commonjs' },
				sourceMaps: 'inline',
			},
		],
	},
});

const workers = process.env.JEST_WORKERS;

module.exports = {
	...(workers && { maxWorkers: Number(workers), testSequencer: '<rootDir>/test/test-order.cjs' }),
	projects: [project('unit'), project('integration'), project('e2e'), project('long')],
};
