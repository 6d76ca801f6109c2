import {
	largestInMemory,
	mib,
	mostObjectBytes,
	mostParts,
	planParts,
	smallestPart,
} from '../../../../../engine/repository/s3/parts';

const gib = 1024 * mib;
const tib = 1024 * gib;
const plan = (expectedBytes: number | undefined, hasScratch = true) =>
	planParts({ key: 'k', expectedBytes, hasScratch });

describe('the plan of parts', () => {
	test.each([
		[undefined, 8 * mib, 'memory', 6],
		[0, 8 * mib, 'memory', 6],
		[1, 8 * mib, 'memory', 6],
		[900 * 8 * mib, 8 * mib, 'memory', 6],
		[900 * 8 * mib + 1, 9 * mib, 'memory', 6],
		[900 * 32 * mib, 32 * mib, 'memory', 4],
		[900 * 64 * mib, 64 * mib, 'memory', 1],
		[900 * 64 * mib + 1, 65 * mib, 'files', 2],
		[tib, 1166 * mib, 'files', 2],
		[4 * tib, 4661 * mib, 'files', 2],
		[5 * tib, 5 * gib, 'files', 2],
	] as const)('for %p bytes has parts of %d', (expectedBytes, partBytes, kept, inFlight) => {
		expect(plan(expectedBytes)).toMatchObject({ partBytes, kept, inFlight });
	});

	test.each([
		[900 * 64 * mib + 1, 64 * mib],
		[500 * gib, 64 * mib],
		[568 * gib, 64 * mib],
	])('without scratch has more parts in memory for %d bytes', (expectedBytes, partBytes) => {
		expect(plan(expectedBytes, false)).toMatchObject({ partBytes, kept: 'memory', mostBytes: 625 * gib });
	});

	test.each([600 * gib, tib, 5 * tib])('without scratch refuses %d bytes', (expectedBytes) => {
		expect(() => plan(expectedBytes, false)).toThrow(
			expect.objectContaining({
				code: 'invalid_parameter',
				hint: expect.stringMatching(/scratch folder with room for two parts of \d+ MiB/),
			}),
		);
	});

	it('refuses what S3 takes of nobody', () => {
		expect(() => plan(5 * tib + 1)).toThrow(expect.objectContaining({ code: 'size_limit_exceeded' }));
	});

	it('keeps to the limits of S3 and of memory for every size', () => {
		for (let bytes = 1; bytes <= mostObjectBytes; bytes = Math.ceil(bytes * 1.37)) {
			for (const hasScratch of [true, false]) {
				if (!hasScratch && bytes * 1.1 > mostParts * largestInMemory) continue;
				const { partBytes, kept, inFlight, mostBytes } = plan(bytes, hasScratch);
				expect(partBytes).toBeGreaterThanOrEqual(smallestPart);
				expect(partBytes).toBeLessThanOrEqual(5 * gib);
				expect(Math.ceil(mostBytes / partBytes)).toBeLessThanOrEqual(mostParts);
				expect(mostBytes).toBeGreaterThanOrEqual(bytes);
				if (kept === 'memory') expect((inFlight + 1) * partBytes).toBeLessThanOrEqual(160 * mib);
				if (hasScratch && bytes <= 4 * tib) expect(bytes / partBytes).toBeLessThanOrEqual(900);
			}
		}
	});
});
