/**
 * The durable outbox: what was appended is on disk before anybody is told, and stays until it is
 * removed after the broker's acknowledgement. Sequence numbers are given in the same commit and are
 * never used twice. Messages appended while a commit runs share the next one. Removals are lazy:
 * they ride on the next append or on a timer; one lost in a crash only sends a message again.
 *
 * Over its bounds the outbox drops the oldest telemetry and counts it. It never drops a click:
 * clicks alone may exceed the bounds, and telemetry then finds no room.
 */
import type { Clock, Timer } from '../core/clock.js';
import type { Database } from '../core/db/database.js';
import { openDatabase } from '../core/db/open.js';
import type { Closeable } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import { outboxClosed } from './errors.js';
import {
  type OutboxKind,
  type OutboxMessage,
  type OutboxTotals,
  outboxMigrations,
  readOldest,
  readTotals,
} from './outbox-store.js';
import { type NewMessage, type Removal, writeGroup } from './outbox-write.js';

export interface OutboxOptions {
  readonly filePath: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly maxRows: number;
  readonly maxBytes: number;
  /** How long removals wait for an append to ride on; 1,000 unless told. */
  readonly removeDelayMs?: number;
  readonly driver?: 'sqlite3' | 'node:sqlite' | 'wasm';
}

interface Pending extends NewMessage {
  readonly resolve: (message: OutboxMessage | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** So many removals are worth a commit of their own, and no commit takes more along. */
const removalsPerCommit = 200;

export class Outbox implements Closeable {
  readonly #database: Database;
  readonly #options: OutboxOptions;
  readonly #listeners = new Set<(message: OutboxMessage) => void>();
  readonly #removals = new Map<number, Removal>();
  #totals: OutboxTotals;
  #pending: Pending[] = [];
  #committing: Promise<void> | undefined;
  #removeTimer: Timer | undefined;
  /** Removals have waited long enough for an append. */
  #removalsDue = false;
  #closing: Promise<void> | undefined;

  private constructor(database: Database, options: OutboxOptions, totals: OutboxTotals) {
    this.#database = database;
    this.#options = options;
    this.#totals = totals;
  }

  /** @throws the database's errors. */
  static async open(options: OutboxOptions): Promise<Outbox> {
    const { filePath, driver } = options;
    const database = await openDatabase(
      { filePath, durability: 'full', ...(driver === undefined ? {} : { driver }) },
      outboxMigrations,
    );
    try {
      return new Outbox(database, options, await readTotals(database));
    } catch (error) {
      await database.close().catch(() => {});
      throw error;
    }
  }

  /** Counts as committed; removals that still wait are not subtracted. */
  get totals(): OutboxTotals {
    return this.#totals;
  }

  /**
   * Stores a message; it survives a power cut when this resolves. `v`, `id` and `seq` are added.
   * Resolves to undefined when telemetry found no room (it is counted as dropped).
   * @throws OUTBOX_CLOSED, the database's errors.
   */
  append(kind: OutboxKind, content: Readonly<Record<string, unknown>>): Promise<OutboxMessage | undefined> {
    if (this.#closing !== undefined) return Promise.reject(outboxClosed());
    return new Promise((resolve, reject) => {
      this.#pending.push({ kind, content, resolve, reject });
      this.#kick();
    });
  }

  /** Calls `listener` with every message right after its commit, in order. Returns the undo. */
  onAppended(listener: (message: OutboxMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The oldest messages of one kind, at most `limit`, without removed ones and those in `except`. */
  async peek(kind: OutboxKind, limit: number, except: ReadonlySet<number>): Promise<OutboxMessage[]> {
    const hidden = (seq: number) => except.has(seq) || this.#removals.has(seq);
    const rows = await readOldest(this.#database, kind, limit + except.size + this.#removals.size);
    return rows.filter((row) => !hidden(row.seq)).slice(0, limit);
  }

  /** Forgets acknowledged messages; on disk with the next append or after `removeDelayMs`. */
  remove(messages: readonly Removal[]): void {
    if (this.#closing !== undefined) return;
    for (const message of messages) this.#removals.set(message.seq, message);
    if (this.#removals.size >= removalsPerCommit) this.#flushRemovals();
    else this.#armRemoval();
  }

  /** Commits what was appended and removed, then closes the file. */
  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  async #shut(): Promise<void> {
    while (this.#committing !== undefined) await this.#committing;
    this.#removeTimer?.cancel();
    // Stops at the first failure: what is left is sent once more after the next start.
    while (this.#removals.size > 0 && (await this.#commitGroup([])));
    this.#listeners.clear();
    await this.#database.close();
  }

  #armRemoval(): void {
    const delayMs = this.#options.removeDelayMs ?? 1_000;
    const { clock } = this.#options;
    this.#removeTimer ??= clock.after(delayMs, () => this.#flushRemovals(), { background: true });
  }

  #flushRemovals(): void {
    this.#removalsDue = true;
    this.#kick();
  }

  /** Starts the commit loop in a microtask, so that appends of the same turn share the commit. */
  #kick(): void {
    this.#committing ??= Promise.resolve()
      .then(() => this.#commitAll())
      .finally(() => {
        this.#committing = undefined;
        if (this.#pending.length > 0 || (this.#removalsDue && this.#removals.size > 0)) this.#kick();
        else if (this.#removals.size > 0 && this.#closing === undefined) this.#armRemoval();
      });
  }

  async #commitAll(): Promise<void> {
    do {
      this.#removeTimer?.cancel();
      this.#removeTimer = undefined;
      this.#removalsDue = false;
      const group = this.#pending;
      this.#pending = [];
      const done = await this.#commitGroup(group);
      if (!done) return;
    } while (this.#pending.length > 0 || (this.#removalsDue && this.#removals.size > 0));
  }

  async #commitGroup(group: readonly Pending[]): Promise<boolean> {
    const removals = [...this.#removals.values()].slice(0, removalsPerCommit);
    try {
      const { stored, totals } = await this.#database.transaction((tx) =>
        writeGroup(tx, group, removals, { totals: this.#totals, ...this.#options }),
      );
      this.#report(totals);
      this.#totals = totals;
      for (const { seq } of removals) this.#removals.delete(seq);
      for (const [index, entry] of group.entries()) this.#settle(entry, stored[index]);
      return true;
    } catch (error) {
      this.#options.log.error('outbox commit failed', { error, messages: group.length });
      for (const entry of group) entry.reject(error);
      return false;
    }
  }

  #settle(entry: Pending, message: OutboxMessage | undefined): void {
    entry.resolve(message);
    if (message !== undefined) for (const listener of this.#listeners) listener(message);
  }

  #report(totals: OutboxTotals): void {
    const dropped = totals.dropped - this.#totals.dropped;
    if (dropped > 0) {
      this.#options.log.warn('outbox full, telemetry dropped', { dropped, droppedInAll: totals.dropped });
    }
  }
}
