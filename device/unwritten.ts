/**
 * Messages of the outbox that are in memory only: telemetry that waits for its commit, and whatever a
 * full disk did not take. Bounded for telemetry, of which the oldest is dropped and counted.
 */
import type { OutboxKind, OutboxMessage, OutboxRow } from './outbox-store.js';
import { bodyBytes, everySeq } from './outbox-store.js';

interface Waiter {
  readonly resolve: (message: OutboxMessage) => void;
  readonly reject: (error: unknown) => void;
}

interface Held {
  readonly row: OutboxRow;
  readonly waiter: Waiter | undefined;
}

/** Some minutes of many sensors; a disk that stays full longer costs the oldest readings. */
const maxTelemetry = 2_000;

export class Unwritten {
  readonly #held = new Map<number, Held>();
  /** Being written now; true once it was acknowledged meanwhile. */
  readonly #writing = new Map<number, boolean>();
  #telemetry = 0;
  /** Dropped for want of room in memory and not yet counted on disk. */
  dropped = 0;

  get size(): number {
    return this.#held.size;
  }

  get totals(): { readonly rows: number; readonly clicks: number; readonly sizeBytes: number } {
    let sizeBytes = 0;
    for (const { row } of this.#held.values()) sizeBytes += bodyBytes(row.body);
    return { rows: this.#held.size, clicks: this.#held.size - this.#telemetry, sizeBytes };
  }

  hasBoot(boot: string): boolean {
    return [...this.#held.values()].some(({ row }) => row.unsynced?.boot === boot);
  }

  /** By sequence number. */
  rows(kind: OutboxKind, { from, before } = everySeq): OutboxRow[] {
    const rows = [...this.#held.values()].map(({ row }) => row).filter((row) => row.kind === kind);
    return rows.filter(({ seq }) => seq >= from && seq < before).sort((a, b) => a.seq - b.seq);
  }

  /** `waiter` is told when the message is on disk, or acknowledged before. */
  add(row: OutboxRow, waiter?: Waiter): void {
    this.#held.set(row.seq, { row, waiter });
    if (row.kind !== 'telemetry') return;
    this.#telemetry += 1;
    if (this.#telemetry <= maxTelemetry) return;
    const oldest = this.rows('telemetry').find(({ seq }) => !this.#writing.has(seq));
    if (oldest === undefined) return;
    this.#forget(oldest.seq);
    this.dropped += 1;
  }

  /** An acknowledged message need not come to disk. False when it is there already, or about to be. */
  take(seq: number): boolean {
    if (this.#writing.has(seq)) {
      this.#writing.set(seq, true);
      return true;
    }
    const held = this.#forget(seq);
    held?.waiter?.resolve(held.row);
    return held !== undefined;
  }

  /** What the next commit writes, by sequence number; ended by `done` or `failed`. */
  begin(which: 'all' | 'clicks'): OutboxRow[] {
    const rows = which === 'all' ? [...this.rows('click'), ...this.rows('telemetry')] : this.rows('click');
    for (const { seq } of rows) this.#writing.set(seq, false);
    return rows;
  }

  /** They are on disk. Returns those that were acknowledged meanwhile and must go again. */
  done(): OutboxRow[] {
    const gone: OutboxRow[] = [];
    for (const [seq, acknowledged] of this.#writing) {
      const held = this.#forget(seq);
      if (held === undefined) continue;
      held.waiter?.resolve(held.row);
      if (acknowledged) gone.push(held.row);
    }
    this.#writing.clear();
    return gone;
  }

  failed(): void {
    const acknowledged = [...this.#writing].filter(([, gone]) => gone).map(([seq]) => seq);
    this.#writing.clear();
    for (const seq of acknowledged) this.take(seq);
  }

  /** The end: what is still here is lost, and its waiters are told. */
  giveUp(error: unknown): void {
    for (const { waiter } of this.#held.values()) waiter?.reject(error);
    this.#held.clear();
    this.#telemetry = 0;
  }

  #forget(seq: number): Held | undefined {
    const held = this.#held.get(seq);
    if (held === undefined) return undefined;
    this.#held.delete(seq);
    if (held.row.kind === 'telemetry') this.#telemetry -= 1;
    return held;
  }
}
