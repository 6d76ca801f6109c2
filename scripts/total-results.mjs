/**
 * Adds up what the jest projects reported: node scripts/total-results.mjs <folder> <failures of other stages>
 * The last line is "N passed, N failed"; exits 1 when anything failed. As a failure counts also: a project without a
 * result or without a single test, a test file that could not run, a skipped test (a missing component fails a run).
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, otherFailures] = process.argv.slice(2);
let passed = 0;
let failed = Number(otherFailures);

for (const project of ['unit', 'integration', 'e2e']) {
	const path = join(folder, `${project}.json`);
	if (!existsSync(path)) {
		console.log(`${project}: no result`);
		failed += 1;
		continue;
	}
	const result = JSON.parse(readFileSync(path, 'utf8'));
	const skipped = result.numPendingTests + result.numTodoTests;
	let notRun = result.numRuntimeErrorTestSuites + skipped;
	if (result.numTotalTests === 0 || (!result.success && result.numFailedTests + notRun === 0)) notRun += 1;
	passed += result.numPassedTests;
	failed += result.numFailedTests + notRun;
	const more = notRun > 0 ? `, ${notRun} not run` : '';
	console.log(`${project}: ${result.numPassedTests} passed, ${result.numFailedTests} failed${more}`);
	for (const suite of result.testResults) {
		if (suite.status === 'passed') continue;
		console.log(`  ${suite.name.replace(`${process.cwd()}/`, '')}`);
		for (const it of suite.assertionResults)
			if (it.status !== 'passed') console.log(`    ${it.status}: ${it.fullName}`);
	}
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
