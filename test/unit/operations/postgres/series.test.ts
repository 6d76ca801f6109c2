import type { CatalogEntry } from '../../../../operations/catalog-entry';
import type { Keyring } from '../../../../operations/keyring';
import { isGlobals, selectDump, seriesPart } from '../../../../operations/postgres/series';
import { failedRecord, sampleRecord } from '../../../fakes/record';

test('no database shares its series with the globals or with another one', () => {
	const names = ['globals', '"globals"', '""globals""', 'Globals', 'shop', '"shop"', '"'];
	const parts = names.map(seriesPart);
	expect(parts).not.toContain('globals');
	expect(new Set(parts).size).toBe(names.length);
	expect(seriesPart('shop')).toBe('shop');
	for (const part of parts) expect(isGlobals({ kind: 'postgres', series: `pg:${part}` })).toBe(false);
	expect(isGlobals({ kind: 'postgres', series: 'pg:globals' })).toBe(true);
	expect(isGlobals({ kind: 'postgres', series: 'pg:shop:globals' })).toBe(false);
	expect(isGlobals({ kind: 'volume', series: 'pg:globals' })).toBe(false);
});

describe('the latest dump of a job', () => {
	const keyring = { publicKeys: [] as readonly string[] } as Keyring;
	const stated = { held: null, deleting: false, verifications: [] } as const;
	const entry = (id: string, series: string, seq: number, made = sampleRecord): CatalogEntry => {
		const record = made({ id, series, seq, kind: 'postgres' });
		return { status: record.status, id, job: record.job, trust: 'unsigned', record, ...stated };
	};
	const shop = [entry('shop-1', 'pg:shop', 1), entry('shop-2', 'pg:shop', 2)];
	const globals = [entry('globals-1', 'pg:globals', 1), entry('globals-2', 'pg:globals', 2)];
	const crm = entry('crm-2', 'pg:crm', 2);
	const latest = { by: 'latest', job: 'nightly' } as const;

	test.each([
		['is the database, with globals beside it', [...globals, ...shop], latest, 'shop-2'],
		['is the database, also where the globals are newer', [...globals, shop[0]!], latest, 'shop-1'],
		['is the globals where there is nothing else', globals, latest, 'globals-2'],
		[
			'is the globals where they are named',
			[...globals, ...shop],
			{ ...latest, series: 'pg:globals' },
			'globals-2',
		],
		['is of the series that is named', [...globals, crm, ...shop], { ...latest, series: 'pg:crm' }, 'crm-2'],
		['is what an id says', [...globals, ...shop], { by: 'id', id: 'globals-1' } as const, 'globals-1'],
	])('%s', (_, entries, selection, id) => {
		expect(selectDump(entries, selection, keyring).id).toBe(id);
	});

	test('is asked for by name where there are several databases', () => {
		expect(() => selectDump([...globals, crm, ...shop], latest, keyring)).toThrow(
			expect.objectContaining({
				code: 'invalid_parameter',
				message: expect.stringContaining('2 series') as string,
				hint: expect.stringMatching(/(shop-2|crm-2).*(shop-2|crm-2)/) as string,
			}),
		);
	});

	test('is never the globals because every dump failed', () => {
		const failed = entry('shop-3', 'pg:shop', 3, failedRecord);
		expect(() => selectDump([...globals, failed], latest, keyring)).toThrow(
			expect.objectContaining({ code: 'record_not_found' }),
		);
	});
});
