/**
 * An S3 store that knows no conditions: a proxy in front of the tests' server which takes `If-None-Match` off every
 * request and, because that header is signed, signs it again (AWS Signature Version 4).
 */
import { createHash, createHmac } from 'node:crypto';
import { createServer, request, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface S3Proxy {
	readonly endpoint: string;
	/** How many conditions were taken off. */
	readonly stripped: number;
	close(): Promise<void>;
}

export interface Keys {
	readonly accessKeyId: string;
	readonly secretAccessKey: string;
}

export async function startUnconditionalProxy(target: string, keys: Keys): Promise<S3Proxy> {
	let stripped = 0;
	// Without time-outs of its own: a connection that it closes is reset under whoever uses it just then.
	const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (incoming, outgoing) => {
		const { method = '', url = '' } = incoming;
		const { 'if-none-match': condition, authorization: old, ...headers } = incoming.headers;
		if (condition !== undefined) stripped += 1;
		const authorization = sign(method, url, headers, signedNames(old), keys);
		const passed = request(
			new URL(url, target),
			{ method, headers: { ...headers, authorization }, agent: false },
			(answer) => {
				outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
				answer.on('error', () => outgoing.destroy()).pipe(outgoing);
			},
		);
		passed.on('error', () => outgoing.destroy());
		incoming.on('error', () => passed.destroy()).pipe(passed);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		get stripped() {
			return stripped;
		},
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

/** The headers that were signed, but for the one that is gone. */
function signedNames(authorization = ''): string[] {
	const [, names = ''] = /SignedHeaders=([^,]+)/.exec(authorization) ?? [];
	return names.split(';').filter((name) => name !== 'if-none-match');
}

function sign(
	method: string,
	url: string,
	headers: IncomingHttpHeaders,
	signed: readonly string[],
	keys: Keys,
): string {
	const [path = '', query = ''] = url.split('?');
	const time = String(headers['x-amz-date']);
	const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`;
	const canonical = [
		method,
		path,
		query
			.split('&')
			.filter((part) => part !== '')
			.map((part) => (part.includes('=') ? part : `${part}=`))
			.sort()
			.join('&'),
		...signed.map((name) => `${name}:${String(headers[name])}`),
		'',
		signed.join(';'),
		String(headers['x-amz-content-sha256']),
	].join('\n');
	const text = ['AWS4-HMAC-SHA256', time, scope, createHash('sha256').update(canonical).digest('hex')].join(
		'\n',
	);
	const key = scope
		.split('/')
		.reduce<Buffer>((last, part) => hmac(last, part), Buffer.from(`AWS4${keys.secretAccessKey}`));
	return `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${signed.join(';')}, Signature=${hmac(key, text).toString('hex')}`;
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
