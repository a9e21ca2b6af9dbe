/**
 * Who is there. A connection that comes back within five seconds was not away: radio links and restarts of
 * an agent would make every list flicker otherwise.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';

const flapMs = 5_000;

export class Presence implements Closeable {
  readonly #clock: Clock;
  readonly #onChange: (thing: string, online: boolean) => void;
  readonly #here = new Set<string>();
  readonly #leaving = new Map<string, Timer>();

  constructor(clock: Clock, onChange: (thing: string, online: boolean) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Connected, or so until a moment ago. */
  isHere(thing: string): boolean {
    return this.#here.has(thing);
  }

  connected(thing: string): void {
    this.#leaving.get(thing)?.cancel();
    this.#leaving.delete(thing);
    this.#here.add(thing);
    this.#onChange(thing, true);
  }

  disconnected(thing: string): void {
    if (!this.#here.has(thing) || this.#leaving.has(thing)) return;
    const timer = this.#clock.after(
      flapMs,
      () => {
        this.#leaving.delete(thing);
        this.#here.delete(thing);
        this.#onChange(thing, false);
      },
      { background: true },
    );
    this.#leaving.set(thing, timer);
  }

  async close(): Promise<void> {
    for (const timer of this.#leaving.values()) timer.cancel();
    this.#leaving.clear();
  }
}
