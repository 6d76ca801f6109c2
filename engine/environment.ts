/** What every job of the engine works with. */
import type { Clock, RandomSource } from '../protocol/environment';
import type { Conversation } from './conversation';
import type { Storage } from './repository/storage';

export interface Engine {
	readonly conversation: Conversation;
	readonly storage: Storage;
	readonly clock: Clock;
	readonly random: RandomSource;
}
