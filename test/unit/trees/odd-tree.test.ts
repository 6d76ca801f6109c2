/** The tree that other tests trust: what it holds, and that `diffTrees` notices every kind of loss. */
import { execFileSync } from 'node:child_process';
import {
	chmodSync,
	lchownSync,
	linkSync,
	mkdtempSync,
	rmSync,
	truncateSync,
	unlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOddTree, describeTree, diffTrees, nameKey, type TreeFacts } from '../../trees/odd-tree';

describe('odd tree', () => {
	let root: string;
	let facts: Map<string, TreeFacts>;
	const at = (name: string) => join(root, name);

	beforeAll(() => {
		root = mkdtempSync(join(tmpdir(), 'odd-tree-'));
		createOddTree(root, { trusted: true });
		facts = describeTree(root);
	});
	afterAll(() => rmSync(root, { recursive: true, force: true }));

	it('holds what it promises', () => {
		expect(facts.get('.')).toMatchObject({
			uid: 999,
			gid: 998,
			mode: '2751',
			mtimeNs: '1044072306700000001',
		});
		expect(facts.get('special/large minor')).toMatchObject({ type: 'character', device: '511:1048575' });
		expect(facts.get('special/fifo')).toMatchObject({ type: 'fifo', mode: '0640' });
		expect(facts.get('sparse/many extents')).toMatchObject({ sparse: true, mtimeNs: '1355314332121212121' });
		expect(facts.get('times/before the epoch')?.mtimeNs).toBe('-315619199876543211');
		expect(facts.get('modes/4755')).toMatchObject({ mode: '4755', uid: 1000 });
		expect(facts.get(nameKey(Buffer.from('links/z\xff', 'latin1')))?.hardlinks).toHaveLength(4);
		const attributes = (name: string) => Object.keys(facts.get(`attributes/${name}`)?.xattrs ?? {});
		expect(attributes('all')).toEqual(['security.capability', 'system.posix_acl_access', 'user.all']);
		expect(attributes('folder')).toContain('system.posix_acl_default');
		expect(attributes('text')).toEqual(['trusted.note', 'user.comment', 'user.empty']);
		expect(facts.get('attributes/binary')?.xattrs).toEqual({ 'user.binary': '0x000aff3d0d0a25' });
		expect(facts.get('.')?.xattrs).toEqual({ 'user.root': '0x6f66207468652074726565' });
	});

	it('equals itself', () => expect(diffTrees(facts, describeTree(root))).toEqual([]));

	it('tells every kind of loss', () => {
		unlinkSync(at('plain/1 bytes'));
		writeFileSync(at('plain/added'), '');
		writeFileSync(at('plain/512 bytes'), Buffer.alloc(512));
		truncateSync(at('plain/513 bytes'), 100);
		chmodSync(at('modes/4755'), 0o755);
		lchownSync(at('modes/owned symlink'), 0, 0);
		execFileSync('touch', ['-h', '-d', '1970-01-01 00:00:00.000000002 UTC', at('times/one nanosecond')]);
		execFileSync('setfattr', ['-x', 'user.comment', at('attributes/text')]);
		linkSync(at('links/absolute'), at('links/another'));
		execFileSync('cp', ['--sparse=never', '-p', at('sparse/hole first'), at('copy')]);
		execFileSync('mv', [at('copy'), at('sparse/hole first')]);
		const told = diffTrees(facts, describeTree(root), { ignore: [] }).join('\n');
		for (const line of [
			'plain/1 bytes: missing',
			'plain/added: not expected',
			'plain/512 bytes: sha256',
			'plain/513 bytes: size 513 → 100',
			'modes/4755: mode "4755" → "0755"',
			'modes/owned symlink: uid 1234 → 0',
			'times/one nanosecond: mtimeNs "1" → "2"',
			'attributes/text: xattrs',
			'links/absolute: hardlinks none',
			'sparse/hole first: sparse true → false',
			'sparse/hole first: occupies',
		]) {
			expect(told).toContain(line);
		}
	});
});
