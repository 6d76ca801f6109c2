/** docs/recover.py opens archives without entries as docs/FORMAT.md says: real Python, real files. */
import { createHmac, hkdfSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decompressFrames } from '../../../../engine/format/frames';
import { archiveKey, deriveMasterKey, rawKdf } from '../../../../engine/index';
import { createLocalStorage } from '../../../../engine/repository/local-storage';
import { rawSecret, settingsFor } from '../../../engine/backups';
import { contentOf, descriptionText, feedBackup, producing } from '../../../engine/streamed';
import { scratchDirectories } from '../../../fakes/directories';
import { python } from '../format/python';

const newDirectory = scratchDirectories();
const script = join(__dirname, '../../../../docs/recover.py');

async function decompressed(bytes: Buffer): Promise<Buffer> {
	const chunks: Buffer[] = [];
	const source = async function* () {
		yield bytes;
	};
	for await (const chunk of decompressFrames(source())) chunks.push(chunk);
	return Buffer.concat(chunks);
}

test.each([true, false])('content and description, compressed: %s', async (compressed) => {
	const root = newDirectory();
	const secret = rawSecret();
	const repository = settingsFor({ type: 'directory', path: root }, secret);
	const content = contentOf(5_000_000);
	const plan = { job: 'nightly', seconds: [1], compressed, produce: producing(content) };
	const [record] = await feedBackup(createLocalStorage(root), repository, plan);
	if (!record) throw new Error('there is no record');

	const keyFile = join(newDirectory(), 'key');
	writeFileSync(keyFile, secret.type === 'raw' ? secret.key : '');
	const recover = (path: string): Buffer => {
		const recordFile = join(root, `jobs/nightly/${record.id}.json`);
		const args = [join(root, path), '--key-file', keyFile, '--record', recordFile, '--out', '-'];
		const { status, stdout, stderr } = python([script, ...args]);
		expect([status, stderr]).toEqual([0, '']);
		return stdout;
	};
	const [archive, index] = record.files.map(({ path }) => recover(path));
	if (!archive || !index) throw new Error('a file is missing');
	const recovered = compressed ? await decompressed(archive) : archive;
	expect(recovered.equals(content)).toBe(true);
	expect((await decompressed(index)).toString()).toBe(descriptionText);

	const master = await deriveMasterKey(secret, rawKdf);
	const key = Buffer.from(
		hkdfSync('sha256', archiveKey(master, record.archiveId), '', 'docker-backup content', 32),
	);
	expect(createHmac('sha256', key).update(recovered).digest('hex')).toBe(record.contentChecksum);
});
