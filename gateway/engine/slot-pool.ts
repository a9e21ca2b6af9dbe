/** The slots of an engine, by their numbers: they bound what is under way. */
import { Slot, type SlotSizes } from './slot.js';

export class SlotPool {
  readonly #sizes: SlotSizes;
  readonly #most: number;
  readonly #slots: Slot[] = [];
  readonly #free: number[] = [];
  readonly #waiting: { resolve(slot: number): void; reject(error: unknown): void }[] = [];

  /** Slots are made as they are needed, `most` at most. */
  constructor(sizes: SlotSizes, most: number) {
    this.#sizes = sizes;
    this.#most = most;
  }

  /** All that were made, in the order of their numbers. */
  get slots(): readonly Slot[] {
    return this.#slots;
  }

  at(slot: number): Slot {
    return this.#slots[slot] as Slot;
  }

  /** Resolves with a slot that belongs to the caller. @param onNew is told of one that was made for that. */
  async take(onNew: (slot: number) => void): Promise<number> {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#slots.length < this.#most) {
      const slot = this.#slots.push(Slot.create(this.#sizes)) - 1;
      onNew(slot);
      return slot;
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  give(slot: number): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(slot);
    else next.resolve(slot);
  }

  /** Whoever waits for a slot gets none. */
  rejectWaiting(reason: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }
}
