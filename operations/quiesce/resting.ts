/**
 * A backup's side of quiescing: answers the engine before each archive is read, lets everything go on as soon as it was,
 * and writes into the record how it went. Without a `Quieting` it leaves records as they are.
 */
import { BackupError, toBackupError } from '../../protocol/errors';
import { reportOf } from '../../protocol/events';
import { emptyGo } from '../../protocol/job';
import type { BackupRecord } from '../../protocol/record';
import type { Session } from '../session';
import type { Quieting, Rested } from './quieting';

export class Resting {
	private readonly begun = new Set<string>();
	private readonly ended = new Map<string, Promise<Rested>>();
	private problems: readonly BackupError[] = [];

	constructor(
		private readonly session: Session,
		private readonly quieting: Quieting | undefined,
	) {}

	async begin(id: string): Promise<void> {
		if (!this.quieting) throw new BackupError('protocol_violation', `the engine waits for rest before ${id}`);
		try {
			await this.quieting.begin(id);
			this.begun.add(id);
			this.session.send('go', emptyGo);
		} catch (error) {
			this.ended.set(id, this.quieting.end(id));
			this.session.send('refuse', reportOf(toBackupError(error)));
		}
	}

	/** Not awaited: the engine goes on writing meanwhile. */
	sourceRead(id: string): void {
		if (!this.quieting || !this.begun.has(id) || this.ended.has(id)) return;
		this.ended.set(id, this.quieting.end(id));
	}

	/** The record as it is to be signed; null: the archive was refused, and its failed record follows. */
	async judge(record: BackupRecord): Promise<BackupRecord | null> {
		this.sourceRead(record.id);
		const rested = await this.ended.get(record.id);
		if (!rested) return record;
		const { consistency, downtimeMs, warnings, refusal } = rested;
		if (record.status === 'success' && refusal) {
			this.session.send('refuse', reportOf(refusal));
			return null;
		}
		return { ...record, consistency, downtimeMs, warnings: [...record.warnings, ...warnings] };
	}

	/** Whatever happened: nothing rests any longer. */
	async end(): Promise<void> {
		for (const id of this.begun) this.sourceRead(id);
		const all = await Promise.all(this.ended.values());
		this.problems = all.flatMap(({ problems }) => problems);
	}

	/** What did not go on as before, naming the backups that were made all the same; undefined: all did. */
	problem(records: readonly BackupRecord[]): BackupError | undefined {
		const [first] = this.problems;
		if (!first) return undefined;
		const made = records.filter(({ status }) => status === 'success').map(({ id }) => id);
		const what = this.problems.map(({ message }) => message).join('; ');
		const rest = made.length > 0 ? `; the backup itself was made: ${made.join(', ')}` : '';
		return new BackupError(first.code, `${what}${rest}`, { hint: first.hint, cause: first });
	}
}
