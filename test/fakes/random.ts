/** A random source that gives the same bytes every time: a hash of a counter. */
import { createHash } from 'node:crypto';
import type { RandomSource } from '../../protocol/environment';

export function fakeRandom(seed = 'seed'): RandomSource {
	let counter = 0;
	return {
		bytes(length) {
			const parts: Buffer[] = [];
			for (let have = 0; have < length; have += 32) {
				parts.push(createHash('sha256').update(`${seed} ${counter++}`).digest());
			}
			return Buffer.concat(parts).subarray(0, length);
		},
	};
}
