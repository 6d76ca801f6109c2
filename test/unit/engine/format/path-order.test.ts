import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { entryPath } from '../../../../engine/format/index-entry';
import { comparePaths, isWithin } from '../../../../engine/format/path-order';
import { createOddTree } from '../../../trees/odd-tree';
import { scan, tarOf } from './gnu-tar';

const bytes = (text: string) => Buffer.from(text, 'latin1');
/** A path component: few different bytes, so that prefixes and clashes are common. */
const component = fc.array(
	fc.constantFrom(0x01, 0x0a, 0x20, 0x2d, 0x2e, 0x30, 0x61, 0x62, 0x7f, 0x80, 0xff),
	{
		minLength: 1,
		maxLength: 4,
	},
);
const path = fc.array(component, { minLength: 1, maxLength: 4 });
const joined = (components: readonly (readonly number[])[]) =>
	bytes(components.map((part) => String.fromCharCode(...part)).join('/'));

/** The definition, spelled out. */
function compareComponents(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
	for (let index = 0; index < Math.min(a.length, b.length); index++) {
		const order = Buffer.from(a[index]!).compare(Buffer.from(b[index]!));
		if (order !== 0) return order;
	}
	return a.length - b.length;
}

describe('comparePaths', () => {
	it('puts a folder before its entries and those before its next sibling', () => {
		const sorted = [
			'a',
			'a/b',
			'a/b/c',
			'a/b-c',
			'a\n',
			'a ',
			'a-b',
			'a.b',
			'a0',
			'aa',
			'b\x7f',
			'b\x80',
			'b\xff',
		];
		expect([...sorted].reverse().map(bytes).sort(comparePaths)).toEqual(sorted.map(bytes));
	});

	it('compares by component and byte', () => {
		fc.assert(
			fc.property(path, path, (a, b) => {
				expect(Math.sign(comparePaths(joined(a), joined(b)))).toBe(Math.sign(compareComponents(a, b)));
			}),
		);
	});

	describe('and GNU tar --sort=name', () => {
		let root: string;
		beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'path-order-'))));
		afterEach(() => rmSync(root, { recursive: true, force: true }));

		const expectSorted = (dir: string, members?: readonly string[]) => {
			const paths = scan(tarOf(dir, members)).entries.map(entryPath);
			expect(paths.length).toBeGreaterThan(10);
			for (const [index, current] of paths.entries()) {
				if (index > 0) expect(comparePaths(paths[index - 1]!, current)).toBeLessThan(0);
			}
		};

		it('agree on the odd tree', () => {
			createOddTree(root);
			expectSorted(root);
		});

		it('agree on any names', () => {
			fc.assert(
				fc.property(fc.uniqueArray(path, { minLength: 12, maxLength: 40, selector: String }), (paths) => {
					const dir = mkdtempSync(join(root, 'any-'));
					for (const components of paths) {
						// A trailing component marks the end, so that no file stands where a folder must be.
						mkdirSync(Buffer.concat([bytes(`${dir}/`), joined(components)]), { recursive: true });
						writeFileSync(Buffer.concat([bytes(`${dir}/`), joined(components), bytes('/\x7ffile')]), '');
					}
					expectSorted(dir);
				}),
				{ numRuns: 25 },
			);
		});

		it('agree on several members given in order', () => {
			for (const name of ['v', 'v-2', 'v.2', 'v2', 'w']) {
				mkdirSync(join(root, 'volumes', name, 'sub'), { recursive: true });
				writeFileSync(join(root, 'volumes', name, 'file'), '');
			}
			const members = ['v', 'v-2', 'v.2', 'v2', 'w'].map((name) => `volumes/${name}`);
			expectSorted(root, members);
		});
	});
});

describe('isWithin', () => {
	it.each([
		['a', 'a', true],
		['a', 'a/b', true],
		['a', 'ab', false],
		['a', 'a-b', false],
		['a/b', 'a', false],
		['a/b', 'a/b/c', true],
		['', 'anything', true],
	])('%j holds %j: %s', (folder, inner, within) =>
		expect(isWithin(bytes(folder), bytes(inner))).toBe(within),
	);

	it('is one unbroken range of the order', () => {
		fc.assert(
			fc.property(fc.array(path, { minLength: 1, maxLength: 30 }), path, (paths, folder) => {
				const flags = paths
					.map(joined)
					.sort(comparePaths)
					.map((inner) => isWithin(joined(folder), inner));
				const first = flags.indexOf(true);
				if (first >= 0) expect(flags.slice(first, flags.lastIndexOf(true) + 1)).not.toContain(false);
			}),
		);
	});
});
