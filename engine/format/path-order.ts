/**
 * The order of paths in archives and indexes: by path component, components by their bytes. It is the order in
 * which GNU tar `--sort=name` walks a tree, where a folder's entries follow it before its next sibling:
 * `a`, `a/b`, `a-b`, `a.b`. A subtree is therefore one unbroken range.
 */

const slash = 0x2f;

/** Negative when `a` comes first, 0 when equal. Paths are raw bytes without NUL. */
export function comparePaths(a: Buffer, b: Buffer): number {
	const length = Math.min(a.length, b.length);
	for (let index = 0; index < length; index++) {
		const left = a[index] ?? 0;
		const right = b[index] ?? 0;
		if (left !== right) return rank(left) - rank(right);
	}
	return a.length - b.length;
}

/** A slash ends a component, so it comes before every other byte. */
function rank(byte: number): number {
	return byte === slash ? 0 : byte;
}

/** Whether `path` is `folder` itself or lies below it; everything lies below the empty path. */
export function isWithin(folder: Buffer, path: Buffer): boolean {
	if (folder.length === 0) return true;
	if (path.length < folder.length || folder.compare(path, 0, folder.length) !== 0) return false;
	return path.length === folder.length || path[folder.length] === slash;
}
