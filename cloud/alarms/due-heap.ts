/**
 * What falls due, earliest first, with one timer for all of it: ten thousand alarms that wait cost one
 * timer. An item has at most one time; setting another takes the place of the first.
 */
import type { Clock, Timer } from '../../core/clock.js';

interface Entry<T> {
  readonly dueMs: number;
  readonly item: T;
}

/** Timers of the platform cannot wait longer than 2^31 ms; and a late one costs nothing. */
const longestWaitMs = 3_600_000;

export class DueHeap<T extends object> {
  readonly #clock: Clock;
  readonly #onDue: (item: T) => void;
  readonly #heap: Entry<T>[] = [];
  /** The valid time of each item; other entries of the heap are passed over. */
  readonly #due = new Map<T, number>();
  #timer: Timer | undefined;
  #timerMs = Number.POSITIVE_INFINITY;

  /** `onDue` is called once for each item that fell due; it may set a new time. */
  constructor(clock: Clock, onDue: (item: T) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** @param dueMs on the monotonic scale; undefined for never. */
  set(item: T, dueMs: number | undefined): void {
    if (this.#due.get(item) === dueMs) return;
    if (dueMs === undefined) {
      this.#due.delete(item);
      return;
    }
    this.#due.set(item, dueMs);
    this.#push({ dueMs, item });
    this.#arm();
  }

  get size(): number {
    return this.#due.size;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#due.clear();
    this.#heap.length = 0;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs >= this.#timerMs) return;
    this.#timer?.cancel();
    this.#timerMs = first.dueMs;
    const delayMs = Math.min(longestWaitMs, Math.max(0, first.dueMs - this.#clock.monotonicMs()));
    this.#timer = this.#clock.after(delayMs, () => this.#run(), { background: true });
  }

  #run(): void {
    this.#timer = undefined;
    this.#timerMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.monotonicMs();
    for (let first = this.#heap[0]; first !== undefined && first.dueMs <= nowMs; first = this.#heap[0]) {
      this.#pop();
      if (this.#due.get(first.item) !== first.dueMs) continue;
      this.#due.delete(first.item);
      this.#onDue(first.item);
    }
    this.#arm();
  }

  #push(entry: Entry<T>): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((heap[parent] as Entry<T>).dueMs <= entry.dueMs) break;
      heap[at] = heap[parent] as Entry<T>;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && right.dueMs < (heap[child] as Entry<T>).dueMs) child++;
      if ((heap[child] as Entry<T>).dueMs >= last.dueMs) break;
      heap[at] = heap[child] as Entry<T>;
      at = child;
    }
    heap[at] = last;
  }
}
