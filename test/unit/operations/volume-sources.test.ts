import { planArchives, type Source } from '../../../operations/volume-sources';
import type { OperationContext } from '../../../operations/settings';

const source = (name: string): Source => ({ type: 'volume', name, path: `/volumes/${name}` }) as Source;
const context = {
	clock: { now: () => 1_700_000_000_123 },
	random: { bytes: (length: number) => Buffer.alloc(length) },
} as unknown as OperationContext;

test('sources of one slug, planned within one millisecond, have ids of their own', () => {
	const names = Array.from({ length: 200 }, (_, index) => '_'.repeat(index + 1));
	const plans = planArchives('nightly', names.map(source), true, context);
	expect(new Set(plans.map(({ id }) => id)).size).toBe(200);
	expect(new Set(plans.map(({ series }) => series)).size).toBe(200);
});
