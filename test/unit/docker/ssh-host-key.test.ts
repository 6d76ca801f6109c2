import { createHmac } from 'node:crypto';
import { expectedHostKeys, fingerprintOf, typeOf } from '../../../docker/ssh-host-key';

function key(type: string, content: string): Buffer {
	const length = Buffer.alloc(4);
	length.writeUInt32BE(type.length);
	return Buffer.concat([length, Buffer.from(type), Buffer.from(content)]);
}

const ours = key('ssh-ed25519', 'the key of this machine');
const others = key('ssh-ed25519', 'the key of somebody else');
const line = (names: string, which = ours) => `${names} ssh-ed25519 ${which.toString('base64')} comment`;
const nas = { host: 'NAS.lan', port: 22 };
const onPort = { host: 'nas.lan', port: 2222 };
const hashed = (name: string) => {
	const salt = Buffer.from('twenty bytes of salt');
	const hash = createHmac('sha1', salt).update(name).digest('base64');
	return `|1|${salt.toString('base64')}|${hash}`;
};

// ssh-keygen -lf of this very key says so.
test('a fingerprint as OpenSSH prints it', () => {
	const text = 'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
	const known = Buffer.from(text, 'base64');
	expect(fingerprintOf(known)).toBe('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
	expect(typeOf(known)).toBe('ssh-ed25519');
	expect(typeOf(Buffer.from('junk'))).toBe('?');
});

test.each([
	['its fingerprint', fingerprintOf(ours)],
	['its fingerprint, padded', `${fingerprintOf(ours)}=`],
	['a line of ssh-keygen -l', `256 ${fingerprintOf(ours)} root@nas (ED25519)`],
	['one of several fingerprints', `${fingerprintOf(others)}\r\n\r\n${fingerprintOf(ours)}`],
	['the key alone', line('').trim()],
	['a line of its name', line('nas.lan')],
	['one of several names', line('10.0.0.5,nas.lan')],
	['a pattern', line('*.lan')],
	['a hashed name', line(hashed('nas.lan'))],
	['the right line among others', `# comment\n${line('a', others)}\nnonsense\n${line('nas.lan')}`],
	['a second key of its', `${line('nas.lan', others)}\n${line('nas.lan')}`],
])('expected: %s', (_what, text) => {
	expect(expectedHostKeys(text, nas).judge(ours)).toBe('expected');
});

test.each([
	['its name and port', line('[nas.lan]:2222')],
	['hashed', line(hashed('[nas.lan]:2222'))],
	['its name alone, as OpenSSH does', line('nas.lan')],
])('on another port: %s', (_what, text) => {
	expect(expectedHostKeys(text, onPort).judge(ours)).toBe('expected');
});

test.each([
	['nothing', '', nas, 'unknown'],
	['comments', '# nothing\n\n', nas, 'unknown'],
	['a line for another host', line('other.lan'), nas, 'unknown'],
	['a line for a host whose name it only ends with', line('s.lan'), nas, 'unknown'],
	['a dot is no pattern', line('nasxlan'), nas, 'unknown'],
	['a line for another port', line('[nas.lan]:2222'), nas, 'unknown'],
	['a name that is left out', line('*.lan,!nas.lan'), nas, 'unknown'],
	['an authority', line('@cert-authority nas.lan'), nas, 'unknown'],
	['another key', line('nas.lan', others), nas, 'other'],
	['another fingerprint', fingerprintOf(others), nas, 'other'],
	['its key, but revoked', `${line('nas.lan')}\n${line('@revoked nas.lan')}`, nas, 'revoked'],
	['its fingerprint, but revoked', `${fingerprintOf(ours)}\n${line('@revoked *')}`, nas, 'revoked'],
] as const)('not expected: %s', (_what, text, host, verdict) => {
	expect(expectedHostKeys(text, host).judge(ours)).toBe(verdict);
});

test.each(['SHA256:short', 'MD5:aa:bb', 'nas.lan', 'nas.lan ssh-ed25519', `${fingerprintOf(ours)}x`])(
	'%j is nothing that can be read',
	(text) => {
		expect(() => expectedHostKeys(text, nas)).toThrow('nothing in the host key for NAS.lan can be read');
	},
);

test('types that are known tell which key to ask for', () => {
	const rsa = key('ssh-rsa', 'x');
	const text = `${line('nas.lan')}\nnas.lan ssh-rsa ${rsa.toString('base64')}\n${line('nas.lan', others)}`;
	expect(expectedHostKeys(text, nas).types).toEqual(['ssh-ed25519', 'ssh-rsa']);
	expect(expectedHostKeys(fingerprintOf(ours), nas).types).toEqual([]);
});
