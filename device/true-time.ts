/**
 * Puts right the times of messages that were made before the clock was synchronised, once it is known
 * when their boot began by the true time. Only differences count: what the wrong clock said is moved by
 * as much as it was wrong. What is known of boots is kept on disk, because the messages are.
 */
import type { Database } from '../core/db/database.js';
import {
  type OutboxRow,
  readSyncedBoots,
  readUnsyncedBoots,
  saveSyncedBoot,
  type UnsyncedOrigin,
} from './outbox-store.js';

interface Times {
  clockSynced?: boolean;
  deviceTime?: string;
  readings?: { deviceTime: string }[];
}

export class TrueTime {
  readonly #database: Database;
  /** When each boot began by the true time, milliseconds since the epoch. */
  readonly #boots: Map<string, number>;

  private constructor(database: Database, boots: Map<string, number>) {
    this.#database = database;
    this.#boots = boots;
  }

  /** @throws the database's errors. */
  static async open(database: Database): Promise<TrueTime> {
    return new TrueTime(database, await readSyncedBoots(database));
  }

  /** `inMemory`: messages that are not on disk yet may need it as well. @throws the database's errors. */
  async learn(origin: UnsyncedOrigin, inMemory: boolean): Promise<void> {
    this.#boots.set(origin.boot, origin.baseMs);
    const needed = inMemory || (await readUnsyncedBoots(this.#database)).includes(origin.boot);
    if (needed) await this.#database.transaction((tx) => saveSyncedBoot(tx, origin));
  }

  /** The row itself when its times were right, or when they cannot be put right. */
  of(row: OutboxRow): OutboxRow {
    const { unsynced } = row;
    const trueBaseMs = unsynced && this.#boots.get(unsynced.boot);
    if (unsynced === undefined || trueBaseMs === undefined) return row;
    const shiftMs = trueBaseMs - unsynced.baseMs;
    const moved = (time: string) => new Date(Date.parse(time) + shiftMs).toISOString();
    const message = JSON.parse(row.body) as Times;
    message.clockSynced = true;
    if (message.deviceTime !== undefined) message.deviceTime = moved(message.deviceTime);
    for (const reading of message.readings ?? []) reading.deviceTime = moved(reading.deviceTime);
    return { ...row, body: JSON.stringify(message), atMs: row.atMs + shiftMs, unsynced: undefined };
  }
}
