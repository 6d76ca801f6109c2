/**
 * The program that `node -e` runs in a runner. It reads `uint32 big-endian length + engine bundle`
 * (CommonJS, UTF-8) from stdin, takes not a byte more, and runs the bundle as a module named
 * `/engine.js`, whose stdin then begins with the caller's first frame. A stdin that ends before the
 * bundle does ends it with exit code 1; a Node.js without zstd with a `failure` event and exit code 1.
 *
 * Its syntax is that of old Node.js versions: it has to run there in order to say that they are too old.
 */
import { encodeEvent } from '../protocol/events';

/** What goes in first: the bundle behind its length. */
export function encodeBundle(engineSource: string): Buffer {
	const bundle = Buffer.from(engineSource);
	const length = Buffer.alloc(4);
	length.writeUInt32BE(bundle.length);
	return Buffer.concat([length, bundle]);
}

const versionPlace = '@version@';

const tooOld = encodeEvent({
	event: 'failure',
	code: 'image_node_too_old',
	message: `node ${versionPlace} of the runner image is too old: it has no zstd`,
	hint: 'Name an image with Node.js 22.15 or later as Runner Image in the Docker Host credential.',
});

export const loaderSource = `'use strict';
var input = process.stdin, Module = require('module'), length = -1;
function fail(text) {
	process.stderr.write(text, function () { process.exit(1); });
}
function take() {
	if (length < 0) {
		var prefix = input.read(4);
		if (prefix === null || prefix.length < 4) return;
		length = prefix.readUInt32BE(0);
	}
	var bundle = length > 0 ? input.read(length) : Buffer.alloc(0);
	if (bundle === null || bundle.length < length) return;
	input.removeListener('readable', take);
	input.removeListener('end', ended);
	var engine = new Module('/engine.js', null);
	engine.filename = '/engine.js';
	engine.paths = [];
	engine._compile(bundle.toString(), '/engine.js', 'commonjs');
}
function ended() {
	fail('stdin ended before the engine was whole\\n');
}
if (typeof require('zlib').zstdCompress !== 'function') {
	fail(${JSON.stringify(tooOld)}.replace(${JSON.stringify(versionPlace)}, process.version));
} else {
	input.on('end', ended);
	input.on('readable', take);
}
`;
