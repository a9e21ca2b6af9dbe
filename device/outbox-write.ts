/**
 * One transaction of the outbox: acknowledged messages go, new ones come, the bounds are kept and
 * the new totals are worked out. The caller takes the totals over only after the commit.
 */
import type { Clock } from '../core/clock.js';
import type { Database, SqlWriter } from '../core/db/database.js';
import type { Logger } from '../core/log.js';
import {
  bodyBytes,
  deleteMessages,
  insertRow,
  type OutboxKind,
  type OutboxMessage,
  type OutboxRow,
  type OutboxTotals,
  readOldest,
  saveState,
} from './outbox-store.js';

export type Removal = Pick<OutboxMessage, 'kind' | 'seq'>;

export interface Bounds {
  readonly maxRows: number;
  readonly maxBytes: number;
  /** Telemetry older than this is dropped; for ever unless told. */
  readonly maxAgeMs?: number;
}

interface Numbers {
  /** The last sequence number that was given. */
  readonly lastSeq: number;
  /** At close: exactly `lastSeq` is written, so that no number is left out. */
  readonly exact: boolean;
  /** Messages dropped before they came to disk, since the last commit. */
  readonly alsoDropped: number;
}

interface WriteContext extends Numbers, Bounds {
  readonly totals: OutboxTotals;
  /** Synchronised telemetry that was appended before this time is dropped; undefined: not now. */
  readonly expireBeforeMs: number | undefined;
}

interface Written {
  /** One entry per new message; false for telemetry that found no room. */
  readonly stored: readonly boolean[];
  readonly totals: OutboxTotals;
}

const expireEveryMs = 3_600_000;

/** Runs the transactions, one at a time, and keeps the totals of what is on disk. */
export class OutboxWriter {
  readonly #database: Database;
  readonly #options: Bounds & { readonly clock: Clock; readonly log: Logger };
  #totals: OutboxTotals;
  #expireAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    database: Database,
    options: Bounds & { readonly clock: Clock; readonly log: Logger },
    totals: OutboxTotals,
  ) {
    this.#database = database;
    this.#options = options;
    this.#totals = totals;
  }

  /** `lastSeq` is the last number that was set aside. */
  get totals(): OutboxTotals {
    return this.#totals;
  }

  /** One entry per row: false for telemetry that found no room. @throws the database's errors. */
  async write(
    rows: readonly OutboxRow[],
    removals: readonly Removal[],
    numbers: Numbers,
  ): Promise<readonly boolean[]> {
    const { clock, log, maxAgeMs, maxRows, maxBytes } = this.#options;
    const expiring = maxAgeMs !== undefined && clock.monotonicMs() >= this.#expireAtMs;
    const context: WriteContext = {
      ...numbers,
      totals: this.#totals,
      maxRows,
      maxBytes,
      expireBeforeMs: expiring ? clock.now() - maxAgeMs : undefined,
    };
    const { stored, totals } = await this.#database.transaction((tx) =>
      writeGroup(tx, rows, removals, context),
    );
    if (expiring) this.#expireAtMs = clock.monotonicMs() + expireEveryMs;
    const dropped = totals.dropped - this.#totals.dropped;
    this.#totals = totals;
    if (dropped > 0) log.warn('outbox full, telemetry dropped', { dropped, droppedInAll: totals.dropped });
    return stored;
  }
}

type Tally = { -readonly [K in keyof OutboxTotals]: OutboxTotals[K] };

const dropChunk = 100;
/** So many numbers a crash may leave out; they save the state's page in most commits. */
const seqReserve = 256;

/** True when the numbers that are set aside on disk will soon have been given. */
export function runsOut(lastSeq: number, { lastSeq: setAside }: OutboxTotals): boolean {
  return lastSeq > setAside - seqReserve / 4;
}

async function writeGroup(
  tx: SqlWriter,
  group: readonly OutboxRow[],
  removals: readonly Removal[],
  context: WriteContext,
): Promise<Written> {
  const { totals, lastSeq, exact } = context;
  const tally: Tally = { ...totals, dropped: totals.dropped + context.alsoDropped };
  for (const kind of ['click', 'telemetry'] as const) {
    const seqs = removals.filter((removal) => removal.kind === kind).map((removal) => removal.seq);
    await take(tx, kind, seqs, tally);
  }
  if (context.expireBeforeMs !== undefined) await expire(tx, context.expireBeforeMs, tally);
  const stored: boolean[] = [];
  for (const row of group) stored.push(await store(tx, row, tally, context));
  if (exact) tally.lastSeq = lastSeq;
  else if (runsOut(lastSeq, tally)) tally.lastSeq = lastSeq + seqReserve;
  if (tally.lastSeq !== totals.lastSeq || tally.dropped !== totals.dropped) {
    await saveState(tx, tally.lastSeq, tally.dropped);
  }
  return { stored, totals: tally };
}

async function store(tx: SqlWriter, row: OutboxRow, tally: Tally, context: WriteContext): Promise<boolean> {
  const sizeBytes = bodyBytes(row.body);
  const fits = await makeRoom(tx, sizeBytes, tally, context);
  if (!fits && row.kind === 'telemetry') {
    tally.dropped += 1;
    return false;
  }
  await insertRow(tx, row);
  tally.rows += 1;
  tally.sizeBytes += sizeBytes;
  if (row.kind === 'click') tally.clicks += 1;
  return true;
}

/** Drops the oldest telemetry until a message of `sizeBytes` fits; false when that was not enough. */
async function makeRoom(
  tx: SqlWriter,
  sizeBytes: number,
  tally: Tally,
  { maxRows, maxBytes }: WriteContext,
): Promise<boolean> {
  const excessRows = () => tally.rows + 1 - maxRows;
  const excessBytes = () => tally.sizeBytes + sizeBytes - maxBytes;
  while ((excessRows() > 0 || excessBytes() > 0) && tally.rows > tally.clicks) {
    const oldest = await readOldest(tx, 'telemetry', dropChunk);
    if (oldest.length === 0) break;
    await drop(tx, oldest.slice(0, enough(oldest, excessRows(), excessBytes())), tally);
  }
  return excessRows() <= 0 && excessBytes() <= 0;
}

/** Times that were never synchronised say nothing of an age: such messages stay until room is needed. */
async function expire(tx: SqlWriter, beforeMs: number, tally: Tally): Promise<void> {
  for (;;) {
    const oldest = await readOldest(tx, 'telemetry', dropChunk);
    const old = oldest.filter((row) => row.unsynced === undefined && row.atMs < beforeMs);
    await drop(tx, old, tally);
    if (old.length < dropChunk) return;
  }
}

async function drop(tx: SqlWriter, rows: readonly OutboxRow[], tally: Tally): Promise<void> {
  tally.dropped += rows.length;
  await take(
    tx,
    'telemetry',
    rows.map((row) => row.seq),
    tally,
  );
}

/** How many of `oldest` to drop so that both excesses are gone, or all of them. */
function enough(oldest: readonly OutboxMessage[], excessRows: number, excessBytes: number): number {
  let freedBytes = 0;
  const last = oldest.findIndex((message, index) => {
    freedBytes += bodyBytes(message.body);
    return index + 1 >= excessRows && freedBytes >= excessBytes;
  });
  return last === -1 ? oldest.length : last + 1;
}

/** Deletes rows that are still there: telemetry in flight may have been dropped meanwhile. */
async function take(tx: SqlWriter, kind: OutboxKind, seqs: readonly number[], tally: Tally): Promise<void> {
  const { rows, sizeBytes } = await deleteMessages(tx, kind, seqs);
  tally.rows -= rows;
  tally.sizeBytes -= sizeBytes;
  if (kind === 'click') tally.clicks -= rows;
}
