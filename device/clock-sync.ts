/**
 * Tells whether the wall clock was set from the network. A Raspberry Pi has no battery clock: until
 * then its times are those of the last shutdown. Knows systemd-timesyncd only; says undefined elsewhere.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../core/clock.js';
import type { Closeable } from '../core/lifecycle.js';

const recheckMs = 30_000;

export class ClockSync implements Closeable {
  readonly #clock: Clock;
  readonly #folder: string;
  #synced: boolean | undefined;
  #timer: Timer | undefined;
  #closed = false;

  private constructor(clock: Clock, folder: string) {
    this.#clock = clock;
    this.#folder = folder;
  }

  /** Looks at once, then every half minute until the clock is synchronised. */
  static async open(clock: Clock, folder = '/run/systemd/timesync'): Promise<ClockSync> {
    const sync = new ClockSync(clock, folder);
    await sync.#look();
    return sync;
  }

  /** Undefined when nothing here can tell. */
  get synced(): boolean | undefined {
    return this.#synced;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const known = await exists(this.#folder);
    this.#synced = known ? await exists(join(this.#folder, 'synchronized')) : undefined;
    if (this.#synced !== false || this.#closed) return;
    this.#timer = this.#clock.after(recheckMs, () => void this.#look(), { background: true });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
