/**
 * The durable outbox. A click is on disk before anybody is told, and stays until it is removed after the
 * broker's acknowledgement. Telemetry is told at once and comes to disk together, `telemetryDelayMs`
 * after its first message: what is acknowledged before never touches the disk, which spares flash.
 * Sequence numbers are never used twice. Removals are lazy: they ride on the next commit or on a timer;
 * one lost in a crash only sends a message again.
 *
 * Over its bounds of rows, bytes and age the outbox drops the oldest telemetry and counts it. It never
 * drops a click: clicks alone may exceed the bounds, and telemetry then finds no room. What cannot be
 * written (disk full) is held in memory, sent all the same, and tried again.
 */
import type { Clock } from '../core/clock.js';
import type { Database } from '../core/db/database.js';
import { openDatabase } from '../core/db/open.js';
import type { Closeable } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import { backoffMs } from './backoff.js';
import { Deadline } from './deadline.js';
import { outboxClosed } from './errors.js';
import { newMessageId } from './message-id.js';
import {
  type OutboxKind,
  type OutboxMessage,
  type OutboxRow,
  type OutboxTotals,
  outboxMigrations,
  readOldest,
  readTotals,
  type SeqRange,
  type UnsyncedOrigin,
} from './outbox-store.js';
import { type Bounds, OutboxWriter, type Removal, runsOut } from './outbox-write.js';
import { TrueTime } from './true-time.js';
import { Unwritten } from './unwritten.js';

export interface OutboxOptions extends Bounds {
  readonly filePath: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long telemetry waits in memory before it is written; 0 unless told: written at once. */
  readonly telemetryDelayMs?: number;
  /** How long removals wait for an append to ride on; 1,000 unless told. */
  readonly removeDelayMs?: number;
  readonly driver?: 'sqlite3' | 'node:sqlite' | 'wasm';
}

export interface OutboxState extends OutboxTotals {
  /** Clicks that could not be written yet and are held in memory. */
  readonly heldClicks: number;
}

interface Pending {
  readonly row: OutboxRow;
  readonly resolve: (message: OutboxMessage | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** So many removals are worth a commit of their own, and no commit takes more along. */
const removalsPerCommit = 200;
const retryFirstMs = 2_000;
const retryLastMs = 60_000;

export class Outbox implements Closeable {
  readonly #database: Database;
  readonly #options: OutboxOptions;
  readonly #writer: OutboxWriter;
  readonly #trueTime: TrueTime;
  readonly #listeners = new Set<(message: OutboxMessage) => void>();
  readonly #removals = new Map<number, Removal>();
  readonly #unwritten = new Unwritten();
  /** The ends of the waits of removals, and of what is in memory only. */
  readonly #removing: Deadline;
  readonly #writing: Deadline;
  #lastSeq: number;
  #pending: Pending[] = [];
  #committing: Promise<void> | undefined;
  #failures = 0;
  #closing: Promise<void> | undefined;

  private constructor(database: Database, options: OutboxOptions, totals: OutboxTotals, trueTime: TrueTime) {
    this.#database = database;
    this.#options = options;
    this.#writer = new OutboxWriter(database, options, totals);
    this.#trueTime = trueTime;
    this.#lastSeq = totals.lastSeq;
    this.#removing = new Deadline(options.clock, () => this.#kick());
    this.#writing = new Deadline(options.clock, () => this.#kick());
  }

  /** @throws the database's errors. */
  static async open(options: OutboxOptions): Promise<Outbox> {
    const { filePath, driver } = options;
    const database = await openDatabase(
      { filePath, durability: 'full', ...(driver === undefined ? {} : { driver }) },
      outboxMigrations,
    );
    try {
      const totals = await readTotals(database);
      return new Outbox(database, options, totals, await TrueTime.open(database));
    } catch (error) {
      await database.close().catch(() => {});
      throw error;
    }
  }

  /** What is on disk and in memory; removals that still wait are not subtracted. */
  get totals(): OutboxState {
    const { rows, clicks, sizeBytes } = this.#unwritten.totals;
    const onDisk = this.#writer.totals;
    return {
      lastSeq: this.#lastSeq,
      dropped: onDisk.dropped + this.#unwritten.dropped,
      rows: onDisk.rows + rows,
      clicks: onDisk.clicks + clicks,
      sizeBytes: onDisk.sizeBytes + sizeBytes,
      heldClicks: clicks,
    };
  }

  /**
   * Takes a message; a click survives a power cut when this resolves, telemetry after `telemetryDelayMs`.
   * `v`, `id` and `seq` are added. `unsynced`: its times are of a clock that was not synchronised.
   * Resolves to undefined when telemetry found no room (it is counted as dropped).
   * @throws OUTBOX_CLOSED, also for a click that could not be written until `close`.
   */
  append(
    kind: OutboxKind,
    content: Readonly<Record<string, unknown>>,
    unsynced?: UnsyncedOrigin,
  ): Promise<OutboxMessage | undefined> {
    if (this.#closing !== undefined) return Promise.reject(outboxClosed());
    const row = this.#number(kind, content, unsynced);
    const { telemetryDelayMs = 0 } = this.#options;
    if (kind === 'telemetry' && telemetryDelayMs > 0) {
      this.#unwritten.add(row);
      this.#writing.arm(telemetryDelayMs);
      if (runsOut(row.seq, this.#writer.totals)) this.#kick();
      this.#tell(row);
      return Promise.resolve(row);
    }
    return new Promise((resolve, reject) => {
      this.#pending.push({ row, resolve, reject });
      this.#kick();
    });
  }

  /** Calls `listener` with every message once it may be sent, in order. Returns the undo. */
  onAppended(listener: (message: OutboxMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The oldest messages of one kind in a range, at most `limit`, without removed ones and those in `except`.
   * Times that were not synchronised are put right where the true time is known by now.
   */
  async peek(
    kind: OutboxKind,
    limit: number,
    except: ReadonlySet<number>,
    range?: SeqRange,
  ): Promise<OutboxMessage[]> {
    const rows = await readOldest(this.#database, kind, limit + except.size + this.#removals.size, range);
    const seen = new Set(rows.map((row) => row.seq));
    // What is not on disk yet is newer than all that is.
    const all = [...rows, ...this.#unwritten.rows(kind, range).filter((row) => !seen.has(row.seq))];
    const hidden = (seq: number) => except.has(seq) || this.#removals.has(seq);
    const open = all.filter((row) => !hidden(row.seq)).slice(0, limit);
    return open.map((row) => this.#trueTime.of(row));
  }

  /** Forgets acknowledged messages; on disk with the next append or after `removeDelayMs`. */
  remove(messages: readonly Removal[]): void {
    if (this.#closing !== undefined) return;
    for (const message of messages) {
      if (!this.#unwritten.take(message.seq)) this.#removals.set(message.seq, message);
    }
    if (this.#removals.size >= removalsPerCommit) this.#removing.now();
    else if (this.#removals.size > 0) this.#armRemoval();
  }

  /** The clock of that boot is right now: times of messages that it marked can be put right. */
  async clockSynced(origin: UnsyncedOrigin): Promise<void> {
    await this.#trueTime.learn(origin, this.#unwritten.hasBoot(origin.boot));
  }

  /** Commits what was appended and removed, then closes the file. */
  close(): Promise<void> {
    this.#closing ??= Promise.resolve().then(() => this.#shut());
    return this.#closing;
  }

  async #shut(): Promise<void> {
    while (this.#committing !== undefined) await this.#committing;
    // Stops at the first failure: what is left is sent once more after the next start.
    while ((await this.#commitGroup([])) && this.#removals.size > 0);
    this.#removing.clear();
    this.#writing.clear();
    this.#unwritten.giveUp(outboxClosed());
    this.#listeners.clear();
    await this.#database.close();
  }

  #number(
    kind: OutboxKind,
    content: Readonly<Record<string, unknown>>,
    unsynced: UnsyncedOrigin | undefined,
  ): OutboxRow {
    const atMs = this.#options.clock.now();
    const id = newMessageId(atMs);
    const seq = ++this.#lastSeq;
    return { seq, id, kind, body: JSON.stringify({ v: 1, id, seq, ...content }), atMs, unsynced };
  }

  #armRemoval(): void {
    this.#removing.arm(this.#options.removeDelayMs ?? 1_000);
  }

  get #due(): boolean {
    return (
      this.#pending.length > 0 ||
      (this.#removing.due && this.#removals.size > 0) ||
      (this.#writing.due && this.#unwritten.size > 0)
    );
  }

  /** Starts the commit loop in a microtask, so that appends of the same turn share the commit. */
  #kick(): void {
    this.#committing ??= Promise.resolve()
      .then(() => this.#commitAll())
      .finally(() => {
        this.#committing = undefined;
        if (this.#due) this.#kick();
        else if (this.#removals.size > 0 && this.#closing === undefined) this.#armRemoval();
      });
  }

  async #commitAll(): Promise<void> {
    do {
      const group = this.#pending;
      this.#pending = [];
      const done = await this.#commitGroup(group);
      if (!done) return;
    } while (this.#due);
  }

  async #commitGroup(group: readonly Pending[]): Promise<boolean> {
    const removals = [...this.#removals.values()].slice(0, removalsPerCommit);
    const closing = this.#closing !== undefined;
    // Clicks that were held before go first: messages of a kind stay in order.
    const waited = this.#unwritten.begin(this.#writing.due || closing ? 'all' : 'clicks');
    this.#removing.clear();
    if (this.#writing.due) this.#writing.clear();
    const rows = [...waited, ...group.map((entry) => entry.row)];
    const alsoDropped = this.#unwritten.dropped;
    const numbers = { lastSeq: this.#lastSeq, exact: closing, alsoDropped };
    try {
      const stored = await this.#writer.write(rows, removals, numbers);
      this.#unwritten.dropped -= alsoDropped;
      for (const { seq } of removals) this.#removals.delete(seq);
      for (const { seq, kind } of this.#unwritten.done()) this.#removals.set(seq, { seq, kind });
      for (const [index, entry] of group.entries()) this.#settle(entry, stored[waited.length + index]);
      if (this.#failures > 0) this.#options.log.info('the outbox can be written again');
      this.#failures = 0;
      return true;
    } catch (error) {
      this.#hold(group, error);
      return false;
    }
  }

  /** Nothing is lost to a full disk: it waits in memory, is sent meanwhile, and is tried again. */
  #hold(group: readonly Pending[], error: unknown): void {
    this.#unwritten.failed();
    for (const { row, resolve, reject } of group) {
      this.#unwritten.add(row, { resolve, reject });
      this.#tell(row);
    }
    const { rows: messages, clicks } = this.#unwritten.totals;
    const level = this.#failures === 0 ? 'error' : 'debug';
    this.#options.log[level]('the outbox cannot be written; held in memory and tried again', {
      error,
      messages,
      clicks,
    });
    this.#writing.clear();
    this.#writing.arm(backoffMs(this.#failures++, retryFirstMs, retryLastMs));
  }

  #settle({ row, resolve }: Pending, stored = false): void {
    resolve(stored ? row : undefined);
    if (stored) this.#tell(row);
  }

  #tell(message: OutboxMessage): void {
    for (const listener of this.#listeners) listener(message);
  }
}
