import { capture, shownOptions } from '../../../docker/volume-definition';

const local = (options: Record<string, string>, labels: Record<string, string> = {}) =>
	capture({ driver: 'local', options, labels });

test('a plain local volume is nothing to keep, nor is what we or Docker wrote on it', () => {
	expect(local({})).toEqual({ definition: null, masked: [] });
	expect(local({}, { 'n8n-nodes-docker-backup.source': 'a', 'com.docker.volume.anonymous': '' })).toEqual({
		definition: null,
		masked: [],
	});
});

test('driver, options and labels are kept, in the order of their names', () => {
	const labels = { 'com.docker.compose.volume': 'data', 'com.docker.compose.project': 'shop' };
	const options = { type: 'nfs', o: 'addr=10.0.0.1,rw', device: ':/srv' };
	const { definition, masked } = capture({ driver: 'vendor/driver:1', options, labels });
	expect(masked).toEqual([]);
	expect(JSON.stringify(definition)).toBe(
		JSON.stringify({
			driver: 'vendor/driver:1',
			options: { device: ':/srv', o: 'addr=10.0.0.1,rw', type: 'nfs' },
			labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.volume': 'data' },
		}),
	);
	expect(capture({ driver: 'vendor', options: {}, labels: {} }).definition).not.toBeNull();
});

test.each([
	['o', 'addr=nas,username=me,password=S3CRET,uid=1000', 'addr=nas,username=me,uid=1000', ['o=password']],
	['o', 'pass=S3CRET', '', ['o=pass']],
	['o', 'ro, PASSWORD2 = S3CRET', 'ro', ['o=PASSWORD2']],
	['o', 'password=S3CRET=,x=1', 'x=1', ['o=password']],
	['o', 'username=me%S3CRET,vers=3.0', 'username=me,vers=3.0', ['o=username (the password in it)']],
	['o', 'name=admin,secret=S3CRET', 'name=admin', ['o=secret']],
	['device', '//me:S3CRET@nas/share', '//me@nas/share', ['device (the password in its address)']],
	['url', 'https://me:S3CRET@dav/x', 'https://me@dav/x', ['url (the password in its address)']],
	['s3-secret-access-key', 'S3CRET', undefined, ['s3-secret-access-key']],
	['sftp-pass', 'S3CRET', undefined, ['sftp-pass']],
	['Token', 'S3CRET', undefined, ['Token']],
	['azureblob-key', 'S3CRET', undefined, ['azureblob-key']],
	['accountKey', 'S3CRET', undefined, ['accountKey']],
	['credentials', '{"key":"S3CRET"}', undefined, ['credentials']],
])('the secret in %s %s is left out and named', (name, value, kept, masked) => {
	const captured = local({ [name]: value });
	expect(captured.masked).toEqual(masked);
	expect(captured.definition?.options).toEqual(kept === undefined ? {} : { [name]: kept });
	expect(JSON.stringify(captured)).not.toContain('S3CRET');
	expect(shownOptions({ [name]: value })).toEqual(captured.definition?.options);
});

test.each([
	['o', 'addr=10.0.0.1,nolock,soft,rw,sec=krb5'],
	['o', 'credentials=/etc/cifs.credentials,secretfile=/etc/ceph.key'],
	['o', 'size=100m,uid=1000,mode=0700'],
	['device', '10.0.0.1:/srv/passages'],
	['compass', 'north'],
	['monkey', '1'],
	['s3-access-key-id', 'AKIA'],
	['keyring', '/etc/ceph/keyring'],
])('%s %s is no secret', (name, value) => {
	expect(local({ [name]: value })).toEqual({
		definition: { driver: 'local', options: { [name]: value }, labels: {} },
		masked: [],
	});
});
