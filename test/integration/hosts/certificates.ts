/** Certificates as docs/HOSTS.md makes them: an authority, the engine's and a client's, in a folder each. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Makes `server` and `client` in the folder, each with ca.pem, cert.pem and key.pem. */
export async function makeCertificates(folder: string): Promise<void> {
	await mkdir(folder, { recursive: true });
	const openssl = (line: string) => promisify(execFile)('openssl', line.split(' '), { cwd: folder });
	const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';
	await openssl(`req -x509 ${newKey} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority`);
	const extensions = {
		server: 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n',
		client: 'extendedKeyUsage=clientAuth\n',
	};
	for (const [who, extension] of Object.entries(extensions)) {
		await mkdir(join(folder, who), { recursive: true });
		await writeFile(join(folder, who, 'extensions'), extension);
		await openssl(`req ${newKey} -keyout ${who}/key.pem -out ${who}/request -subj /CN=${who}`);
		const sign = `-CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ${who}/extensions`;
		await openssl(`x509 -req -in ${who}/request ${sign} -out ${who}/cert.pem`);
		await promisify(execFile)('cp', [join(folder, 'ca.pem'), join(folder, who, 'ca.pem')]);
	}
}
