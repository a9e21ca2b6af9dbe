/** How fast bytes moved lately, for progress and status. Counts what it is told; limits nothing. */
import type { Clock } from '../../core/clock.js';

const slotMs = 250;
const slots = 20;

export class RateMeter {
  readonly #clock: Clock;
  readonly #counts = new Float64Array(slots);
  #slot = 0;
  #begunSlot: number | undefined;
  #totalBytes = 0;

  constructor(options: { readonly clock: Clock }) {
    this.#clock = options.clock;
  }

  /** All that was ever counted. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Over the last five seconds, or since the first byte if that is less. */
  get bytesPerSecond(): number {
    this.#forward();
    if (this.#begunSlot === undefined) return 0;
    const passedMs = this.#clock.monotonicMs() - Math.max(this.#begunSlot, this.#slot - slots + 1) * slotMs;
    let sum = 0;
    for (const count of this.#counts) sum += count;
    return (sum * 1000) / Math.max(slotMs, passedMs);
  }

  add(bytes: number): void {
    this.#forward();
    this.#begunSlot ??= this.#slot;
    this.#totalBytes += bytes;
    const at = this.#slot % slots;
    this.#counts[at] = (this.#counts[at] ?? 0) + bytes;
  }

  #forward(): void {
    const slot = Math.floor(this.#clock.monotonicMs() / slotMs);
    if (slot - this.#slot >= slots) this.#counts.fill(0);
    else for (let at = this.#slot + 1; at <= slot; at++) this.#counts[at % slots] = 0;
    this.#slot = Math.max(slot, this.#slot);
  }
}
