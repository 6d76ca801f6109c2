/**
 * Lints a tree with the project's boundary rules: node lint-tree.mjs <root>
 * Prints one JSON object: for each file the messages of the boundary rules. ESLint is an ES module world, jest is not:
 * hence a program of its own.
 */
import { relative } from 'node:path';
import { ESLint } from 'eslint';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { boundaries } from '../../../scripts/boundaries.mjs';

const root = process.argv[2];
const eslint = new ESLint({
	cwd: root,
	overrideConfigFile: true,
	overrideConfig: [
		{
			files: ['**/*.ts'],
			languageOptions: { parser: tseslint.parser },
			plugins: { 'import-x': importX },
			settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
		},
		...boundaries(root),
	],
});
const results = await eslint.lintFiles(['**/*.ts']);
const messages = results.map((it) => [relative(root, it.filePath), it.messages.map((m) => m.message)]);
console.log(JSON.stringify(Object.fromEntries(messages)));
