/**
 * Four layers of rules:
 *   n8n's community rules (those of @n8n/node-cli's `configWithoutCloudSupport`, newest plugin) for what n8n loads;
 *   type-aware rules for all TypeScript;
 *   the boundaries of scripts/boundaries.mjs: imports run downward only;
 *   no ambient time or randomness outside clock.ts and random.ts.
 * A rule is switched off only on its line, with the reason.
 */
import js from '@eslint/js';
import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import { defineConfig, globalIgnores } from 'eslint/config';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import n8nNodesBase from 'eslint-plugin-n8n-nodes-base';
import tseslint from 'typescript-eslint';
import { boundaries } from './scripts/boundaries.mjs';

const community = n8nCommunityNodesPlugin.configs.recommendedWithoutN8nCloudSupport;
const nodeGlobals = Object.fromEntries(
	[...Object.getOwnPropertyNames(globalThis), '__dirname', 'exports', 'module', 'require'].map((name) => [
		name,
		'readonly',
	]),
);

export default defineConfig(
	globalIgnores(['dist', 'node_modules', '.test-results', 'test/vectors']),
	{ linterOptions: { reportUnusedDisableDirectives: 'error' } },

	{
		files: ['**/*.{js,mjs}'],
		extends: [js.configs.recommended],
		languageOptions: { globals: nodeGlobals },
	},

	{
		files: ['**/*.ts'],
		extends: [js.configs.recommended, tseslint.configs.recommendedTypeChecked],
		plugins: { 'import-x': importX },
		settings: {
			'import-x/resolver-next': [createTypeScriptImportResolver({ project: 'tsconfig.test.json' })],
		},
		languageOptions: {
			parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname },
		},
		rules: {
			eqeqeq: 'error',
			'no-console': 'error',
			'@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
			'@typescript-eslint/explicit-module-boundary-types': 'error',
			'@typescript-eslint/no-non-null-assertion': 'error',
			'@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
			// What was caught is unknown (or `{}` once found not to be undefined), and is thrown on as it is.
			'@typescript-eslint/only-throw-error': 'off',
			'no-throw-literal': 'error',
			// Contracts here are readonly records of functions that never use `this`.
			'@typescript-eslint/unbound-method': 'off',
			// An implementation in memory of an asynchronous contract awaits nothing.
			'@typescript-eslint/require-await': 'off',
			'@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
			'@typescript-eslint/switch-exhaustiveness-check': [
				'error',
				{ considerDefaultExhaustiveForUnions: true },
			],
			'import-x/no-cycle': 'error',
			'no-restricted-properties': [
				'error',
				{ object: 'Date', property: 'now', message: 'Take a clock as a parameter (protocol/clock.ts).' },
				{ object: 'performance', property: 'now', message: 'Take a clock as a parameter.' },
				{ object: 'Math', property: 'random', message: 'Take a random source as a parameter.' },
			],
			'no-restricted-syntax': [
				'error',
				{
					selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
					message: 'Take a clock as a parameter (protocol/clock.ts).',
				},
			],
		},
	},
	{
		files: ['**/{clock,random}.ts', 'test/**/*.ts'],
		rules: { 'no-restricted-properties': 'off', 'no-restricted-syntax': 'off' },
	},
	{
		// Tests look into untyped results (JSON, inspect) and assert with `!` what a test would fail on anyway.
		files: ['test/**/*.ts'],
		rules: {
			'no-console': 'off',
			'@typescript-eslint/explicit-module-boundary-types': 'off',
			'@typescript-eslint/no-non-null-assertion': 'off',
			'@typescript-eslint/no-unsafe-argument': 'off',
			'@typescript-eslint/no-unsafe-assignment': 'off',
			'@typescript-eslint/no-unsafe-call': 'off',
			'@typescript-eslint/no-unsafe-member-access': 'off',
			'@typescript-eslint/no-unsafe-return': 'off',
		},
	},
	...boundaries(import.meta.dirname),

	{
		plugins: { 'n8n-nodes-base': n8nNodesBase },
	},
	{
		files: ['package.json'],
		extends: [community],
		rules: {
			...n8nNodesBase.configs.community.rules,
			// JSON has no comments to switch a rule off in: there is no page on the web to name yet.
			'@n8n/community-nodes/require-homepage': 'off',
		},
		languageOptions: { parser: tseslint.parser, parserOptions: { extraFileExtensions: ['.json'] } },
	},
	{ files: ['nodes/**/*.ts', 'credentials/**/*.ts'], extends: [community] },
	{
		files: ['credentials/**/*.ts'],
		rules: {
			...n8nNodesBase.configs.credentials.rules,
			// As in n8n's own configuration: superseded by rules of the newer plugin.
			'n8n-nodes-base/cred-class-field-documentation-url-miscased': 'off',
			'n8n-nodes-base/cred-class-field-type-options-password-missing': 'off',
		},
	},
	{
		files: ['nodes/**/*.ts'],
		rules: {
			...n8nNodesBase.configs.nodes.rules,
			'n8n-nodes-base/node-class-description-inputs-wrong-regular-node': 'off',
			'n8n-nodes-base/node-class-description-outputs-wrong': 'off',
			'n8n-nodes-base/node-param-type-options-max-value-present': 'off',
		},
	},
);
