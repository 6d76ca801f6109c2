/** The first exchange of every conversation: check the repository's document, hand over this run's keys. */
import type { KeysFrame } from '../protocol/job';
import { placeOf } from './executor';
import { unlock, type Keyring } from './keyring';
import type { Session } from './session';
import type { OperationContext, RepositorySettings } from './settings';

export interface Introduced {
	readonly keyring: Keyring;
	readonly repositoryCreated: boolean;
}

export type KeysOfRun = Omit<KeysFrame, 'create'>;

export const noKeys: KeysOfRun = { kdf: null, keyId: null, keys: [] };

/**
 * `keysFor` names what the engine may know; a runner never gets more. A document that we let the engine
 * create comes back for a second look, since another run may have been first.
 */
export async function introduce(
	session: Session,
	repository: RepositorySettings,
	context: OperationContext,
	keysFor: (keyring: Keyring) => KeysOfRun = () => noKeys,
): Promise<Introduced> {
	let proposed: string | null = null;
	for (;;) {
		const { document, empty } = await session.next('repository');
		const { keyring, create } = await unlock(
			document,
			empty,
			repository,
			placeOf(repository.location),
			context,
		);
		session.send('keys', { create, ...keysFor(keyring) });
		if (create === null) return { keyring, repositoryCreated: document === proposed };
		proposed = create;
	}
}
