/**
 * Runs a workflow in a running n8n, as its editor does, and waits for the end:
 *   node scripts/demo-run.mjs <n8n's URL> <email> <password file> <workflow id> <trigger's name>
 * Prints the execution's id. Exit code 1, with n8n's words on stderr, when the execution fails.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [url, email, passwordFile, workflowId, trigger] = process.argv.slice(2);
const limitMs = 300_000;
const headers = { 'content-type': 'application/json', 'browser-id': 'docker-backup-demo' };

async function ask(method, path, body) {
	const response = await fetch(`${url}/rest${path}`, { method, headers, body: body && JSON.stringify(body) });
	const text = await response.text();
	if (!response.ok) throw new Error(`n8n answered ${response.status} to ${method} ${path}: ${text}`);
	const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
	if (cookies.length > 0) headers.cookie = cookies.join('; ');
	return JSON.parse(text).data;
}

/** The message of the execution's error; its data is a list whose objects refer to each other by position. */
function errorOf(data) {
	const list = JSON.parse(data);
	const error = list[list[list[0].resultData].error];
	return list[error?.message] ?? 'it does not say why';
}

async function main() {
	await ask('POST', '/login', {
		emailOrLdapLoginId: email,
		password: readFileSync(passwordFile, 'utf8').trim(),
	});
	const { executionId } = await ask('POST', `/workflows/${workflowId}/run`, {
		triggerToStartFrom: { name: trigger },
	});
	const deadline = Date.now() + limitMs;
	let execution;
	do {
		if (Date.now() > deadline)
			throw new Error(`execution ${executionId} did not end within ${limitMs / 1000} s`);
		await sleep(300);
		execution = await ask('GET', `/executions/${executionId}`);
	} while (['new', 'running', 'waiting', 'unknown'].includes(execution.status));
	if (execution.status !== 'success') {
		throw new Error(`execution ${executionId} ended as ${execution.status}: ${errorOf(execution.data)}`);
	}
	console.log(executionId);
}

main().catch((error) => {
	console.error(error.message);
	process.exitCode = 1;
});
