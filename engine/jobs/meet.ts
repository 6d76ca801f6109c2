/**
 * The start of every conversation: shows the repository's document to the orchestrator, which checks it
 * and answers with the keys of this run, or with the document of a repository to create.
 */
import { documentKey, isProbe } from '../repository/layout';
import type { Storage } from '../repository/storage';
import { BackupError } from '../../protocol/errors';
import { parseKeysFrame, type KeysFrame } from '../../protocol/job';
import type { Engine } from '../environment';

const mostDocumentBytes = 64 << 10;

export async function meetRepository({ conversation, storage }: Engine): Promise<KeysFrame> {
	for (;;) {
		const first = await readDocument(storage, conversation.signal);
		const empty = first === null && (await isEmpty(storage, conversation.signal));
		// What is there now may be of a run that created the repository between these two looks.
		const document = first === null && !empty ? await readDocument(storage, conversation.signal) : first;
		conversation.say({ event: 'repository', document, empty });
		const frame = parseKeysFrame(await conversation.receive('keys'));
		if (frame.create === null) return frame;
		// Another run may create it first: what is there afterwards is looked at again.
		await storage.put(documentKey, Buffer.from(frame.create), conversation.signal);
	}
}

async function readDocument(storage: Storage, signal: AbortSignal): Promise<string | null> {
	try {
		return (await storage.read(documentKey, mostDocumentBytes, signal)).toString();
	} catch (error) {
		if (error instanceof BackupError && error.code === 'object_not_found') return null;
		throw error;
	}
}

async function isEmpty(storage: Storage, signal: AbortSignal): Promise<boolean> {
	for await (const { key } of storage.list('', signal)) {
		if (!isProbe(key)) return false;
	}
	return true;
}
