import { containerIn, isContainer } from '../../../docker/own-container';

const id = 'c0ffee'.padEnd(64, '0');
const mount = (root: string, point: string) =>
	`1184 1176 254:1 ${root} ${point} rw,relatime - ext4 /dev/vda1 rw,discard\n`;
const rootMount =
	'1176 1051 0:58 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/ABC\n';

test.each<[what: string, mountInfo: string, host: string, expected: string | null]>([
	['no container', rootMount, 'server1', null],
	['an empty file', '', 'server1', null],
	['Docker', rootMount + mount(`/var/lib/docker/containers/${id}/hostname`, '/etc/hostname'), 'n8n', id],
	['Docker elsewhere', mount(`/data/docker/containers/${id}/resolv.conf`, '/etc/resolv.conf'), 'n8n', id],
	['mounts replaced: the name Docker gives', rootMount, id.slice(0, 12), id.slice(0, 12)],
	['a host name that is nearly one', rootMount, `${id.slice(0, 11)}g`, null],
	['another folder of containers', mount(`/srv/containers/${id}/data`, '/data'), 'n8n', null],
])('%s', (_, mountInfo, host, expected) => {
	expect(containerIn(mountInfo, host)).toBe(expected);
});

test('an id, or the beginning of one', () => {
	expect(isContainer(id, id)).toBe(true);
	expect(isContainer(id, id.slice(0, 12))).toBe(true);
	expect(isContainer(id, 'c0ffed000000')).toBe(false);
	expect(isContainer(id, null)).toBe(false);
});
