/** A Docker host over TCP with TLS and a client certificate: the daemon's socket behind a relay that asks for both. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createConnection, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { fill } from '../../integration/cli/lab';
import type { Lab } from '../lab/lab';
import { backup, chain } from '../lab/workflows';

export function tcpSuite(lab: Lab): void {
	describe('a Docker host over TCP with TLS', () => {
		let folder: string;
		let relay: Server;
		const pem = (name: string) => readFileSync(join(folder, name), 'utf8');
		const data = (changes: object = {}) => ({
			connection: 'tcp',
			host: '127.0.0.1',
			port: (relay.address() as AddressInfo).port,
			tls: true,
			caCertificate: pem('ca.pem'),
			clientCertificate: pem('client.pem'),
			// As an input field of one line would hand it over.
			clientKey: pem('client.key').trim().replaceAll('\n', ' '),
			...changes,
		});
		const testCredential = (changes: object) =>
			lab.rest.post<{ status: string; message: string }>('/rest/credentials/test', {
				credentials: { id: '', name: 'x', type: 'dockerHostApi', data: data(changes) },
			});

		beforeAll(async () => {
			folder = lab.directory();
			makeCertificates(folder);
			const options = {
				cert: pem('server.pem'),
				key: pem('server.key'),
				ca: pem('ca.pem'),
				requestCert: true,
			};
			relay = createServer({ ...options, rejectUnauthorized: true, allowHalfOpen: true }, (client) => {
				const daemon = createConnection({ path: '/var/run/docker.sock', allowHalfOpen: true });
				client.pipe(daemon).pipe(client);
				client.on('error', () => daemon.destroy());
				daemon.on('error', () => client.destroy());
				client.on('close', () => daemon.destroy());
			});
			await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
		});
		afterAll(() => relay.close());

		test('connects', async () => {
			expect(await testCredential({})).toMatchObject({ status: 'OK' });
		});

		test.each([
			['without a client certificate', { clientCertificate: '', clientKey: '' }],
			['with an authority that did not sign', () => ({ caCertificate: pem('client.pem') })],
			['without TLS', { tls: false }],
		])('%s: refused', async (_, changes) => {
			const result = await testCredential(typeof changes === 'function' ? changes() : changes);
			expect(result).toMatchObject({
				status: 'Error',
				message: expect.stringMatching(/^docker at tcp:\/\/127\.0\.0\.1:/),
			});
		});

		test('backs up', async () => {
			const volume = await lab.volume('remote');
			await fill(volume, { a: 'a' });
			const credential = await lab.rest.post<{ id: string }>('/rest/credentials', {
				name: 'Over TLS',
				type: 'dockerHostApi',
				data: data(),
			});
			const workflow = chain('tls', ['Backup', 'backupVolume', backup(lab.job(), [volume])]);
			const credentials = workflow.nodes[1]!['credentials'] as Record<string, object>;
			credentials['dockerHostApi'] = { id: credential.id, name: 'Over TLS' };
			const { output, error } = await lab.execute(workflow);
			expect(error).toBeUndefined();
			expect(output('Backup')).toMatchObject([{ json: { status: 'success' } }]);
		});
	});
}

function makeCertificates(folder: string): void {
	const openssl = (...line: string[]) => execFileSync('openssl', line, { cwd: folder, stdio: 'pipe' });
	const key = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
	openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=lab authority');
	for (const name of ['server', 'client']) {
		writeFileSync(join(folder, `${name}.ext`), 'subjectAltName=IP:127.0.0.1\n');
		openssl(
			'req',
			...key.slice(0, 3),
			'-keyout',
			`${name}.key`,
			'-out',
			`${name}.csr`,
			'-subj',
			`/CN=${name}`,
		);
		const signed = [
			'-CA',
			'ca.pem',
			'-CAkey',
			'ca.key',
			'-CAcreateserial',
			'-days',
			'2',
			'-extfile',
			`${name}.ext`,
		];
		openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signed);
	}
}
