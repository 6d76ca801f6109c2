import { failureOf } from '../../../../cli/verbs/verify';
import type { ErrorCode, Verification } from '../../../../operations/index';
import { sampleRecord } from '../../../fakes/record';

function verification(code: ErrorCode | null): Verification {
	const record = sampleRecord();
	const error = code && { code, message: `it is ${code}`, hint: null };
	const figures = { checksum: null, bytesRead: 0, entries: null, durationMs: 1 };
	return {
		...figures,
		id: record.id,
		ok: code === null,
		level: 'deep',
		error,
		record,
		trust: 'signed',
		at: '2026-01-31T03:00:00.000Z',
	};
}
const failure = (...codes: (ErrorCode | null)[]) => failureOf(codes.map(verification));

test('nothing wrong, nothing thrown', () => {
	expect(failure()).toBeUndefined();
	expect(failure(null, null)).toBeUndefined();
});

test.each([
	[['archive_tampered'], 3, 'it is archive_tampered'],
	[['key_wrong'], 4, 'it is key_wrong'],
	[[null, 'archive_missing'], 3, '1 of 2 archives failed, among them: it is archive_missing'],
	[
		['key_missing', null, 'checksum_mismatch'],
		3,
		'2 of 3 archives failed, among them: it is checksum_mismatch',
	],
	[['key_missing', 'key_wrong'], 4, '2 of 2 archives failed, among them: it is key_missing'],
] as [(ErrorCode | null)[], number, string][])('%j: exit code %d', (codes, exitCode, message) => {
	expect(failure(...codes)).toMatchObject({ exitCode, message });
});
