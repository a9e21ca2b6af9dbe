/**
 * One transaction of the outbox: acknowledged messages go, new ones come, the bounds are kept and
 * the new totals are worked out. The caller takes the totals over only after the commit.
 */
import type { Clock } from '../core/clock.js';
import type { SqlWriter } from '../core/db/database.js';
import { newMessageId } from './message-id.js';
import {
  bodyBytes,
  deleteMessages,
  insertMessage,
  type OutboxKind,
  type OutboxMessage,
  type OutboxTotals,
  readOldest,
  saveState,
} from './outbox-store.js';

export interface NewMessage {
  readonly kind: OutboxKind;
  readonly content: Readonly<Record<string, unknown>>;
}

export type Removal = Pick<OutboxMessage, 'kind' | 'seq'>;

export interface WriteContext {
  readonly totals: OutboxTotals;
  readonly clock: Clock;
  readonly maxRows: number;
  readonly maxBytes: number;
}

export interface Written {
  /** One entry per new message; undefined for telemetry that found no room. */
  readonly stored: readonly (OutboxMessage | undefined)[];
  readonly totals: OutboxTotals;
}

type Tally = { -readonly [K in keyof OutboxTotals]: OutboxTotals[K] };

const dropChunk = 100;

export async function writeGroup(
  tx: SqlWriter,
  group: readonly NewMessage[],
  removals: readonly Removal[],
  context: WriteContext,
): Promise<Written> {
  const tally: Tally = { ...context.totals };
  for (const kind of ['click', 'telemetry'] as const) {
    const seqs = removals.filter((removal) => removal.kind === kind).map((removal) => removal.seq);
    await take(tx, kind, seqs, tally);
  }
  const stored: (OutboxMessage | undefined)[] = [];
  for (const entry of group) stored.push(await store(tx, entry, tally, context));
  if (group.length > 0) {
    const { sql, params } = saveState(tally.lastSeq, tally.dropped);
    await tx.run(sql, params);
  }
  return { stored, totals: tally };
}

async function store(
  tx: SqlWriter,
  { kind, content }: NewMessage,
  tally: Tally,
  context: WriteContext,
): Promise<OutboxMessage | undefined> {
  const id = newMessageId(context.clock.now());
  const seq = tally.lastSeq + 1;
  const body = JSON.stringify({ v: 1, id, seq, ...content });
  const fits = await makeRoom(tx, bodyBytes(body), tally, context);
  if (!fits && kind === 'telemetry') {
    tally.dropped += 1;
    return undefined;
  }
  const { sql, params } = insertMessage({ seq, id, kind, body });
  await tx.run(sql, params);
  tally.lastSeq = seq;
  tally.rows += 1;
  tally.sizeBytes += bodyBytes(body);
  if (kind === 'click') tally.clicks += 1;
  return { seq, id, kind, body };
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
    const doomed = oldest.slice(0, enough(oldest, excessRows(), excessBytes()));
    tally.dropped += doomed.length;
    await take(
      tx,
      'telemetry',
      doomed.map((message) => message.seq),
      tally,
    );
  }
  return excessRows() <= 0 && excessBytes() <= 0;
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
