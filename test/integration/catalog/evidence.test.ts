/** Evidence of a look at an archive: kept with a signature, read back, and told when it could not be kept. */
import { factKeyOf } from '../../../engine/repository/layout';
import { deleteRecords, getRecord, listRecords } from '../../../operations/index';
import { evidenceOf, noteEvidence } from '../../../operations/note-evidence';
import { keysOf } from '../../conformance/storage';
import { rawSecret } from '../../engine/backups';
import { testContext } from '../../engine/in-process';
import { catalogLab, idAt, job, where } from './lab';

const { inDirectory, inBucket } = catalogLab();
const context = testContext();
const id = idAt(2);
const checks = [
	{ name: 'tables', pass: true, expected: '2', actual: '2' },
	{ name: 'select count(*) from users', pass: false, expected: '>= 1', actual: '0' },
];
const failed = evidenceOf({ level: 'drill', pass: false, durationMs: 1234 }, checks);
const passed = evidenceOf({ level: 'deep', pass: true, durationMs: 7 }, []);

describe.each([
	['a directory', inDirectory],
	['the S3 server', inBucket],
])('in %s', (_place, open) => {
	test('it stands beside the record, newest first, and goes with it', async () => {
		const { repository, storage } = await open();
		const first = await noteEvidence(context, where, repository, id, failed);
		const second = await noteEvidence(context, where, repository, id, passed);
		expect([first.notKept, second.notKept]).toEqual([null, null]);
		const expected = [
			{ ...passed, at: second.at },
			{ ...failed, at: first.at },
		];
		expect(await getRecord(context, where, repository, id)).toMatchObject({ verifications: expected });
		const entries = await listRecords(context, where, repository, { job, limit: null });
		expect(entries).toMatchObject([
			{ id: idAt(3), verifications: [] },
			{ id, verifications: expected },
			{ id: idAt(1), verifications: [] },
		]);
		// Who has no key sees what is said, and that nobody vouches for it.
		const keyless = { ...repository, secret: null };
		expect(await noteEvidence(context, where, keyless, id, passed)).toEqual({
			at: null,
			notKept: `what is stated about ${id} must be signed with this repository's key`,
		});
		const request = { ids: [id], reason: '', lockWaitMs: 0 };
		expect(await deleteRecords(context, where, repository, request)).toMatchObject([{ id, deleted: true }]);
		expect((await keysOf(storage, '')).filter((key) => key.includes(id))).toEqual([]);
	});
});

test('what could not be kept is told', async () => {
	const { repository, storage } = await inDirectory();
	const stranger = { ...repository, secret: rawSecret(8) };
	expect((await noteEvidence(context, where, stranger, id, passed)).notKept).toMatch(/key/);
	const gone = 'nightly-20200101T000000Z-0000';
	expect(await noteEvidence(context, where, repository, gone, passed)).toEqual({
		at: null,
		notKept: `there is no record ${gone} in this repository`,
	});
	const deletion = { version: 1, fact: 'deleted' };
	await storage.put(
		factKeyOf(job, id, 'deleted', '01KG0000000000000000000000'),
		Buffer.from(`${JSON.stringify(deletion)}\n{"signature":null}\n`),
	);
	// A deletion that nobody signed is none, but the engine does not weigh signatures: it gives way.
	expect((await noteEvidence(context, where, repository, id, passed)).notKept).toBe(
		`${id} is being deleted and can't be judged any more`,
	);
	expect((await keysOf(storage, '')).filter((key) => key.includes('.verified.'))).toEqual([]);
});

test('a cancelled operation is cancelled', async () => {
	const { repository } = await inDirectory();
	const cancel = new AbortController();
	cancel.abort(new Error('enough'));
	await expect(
		noteEvidence({ ...context, signal: cancel.signal }, where, repository, id, passed),
	).rejects.toThrow('enough');
});
