/**
 * Tells whether the wall clock was set from the network, and from which boot and clock a time comes
 * that was taken before. A Raspberry Pi has no battery clock: until then its times are those of the last
 * shutdown. Knows systemd-timesyncd only; says undefined elsewhere, and times are then taken as they are.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../core/clock.js';
import type { Closeable } from '../core/lifecycle.js';
import type { Boot } from './boot.js';
import type { UnsyncedOrigin } from './outbox-store.js';

export interface ClockSyncOptions {
  readonly clock: Clock;
  /** Undefined: times cannot be put right afterwards, only marked. */
  readonly boot: Boot | undefined;
  readonly folder?: string;
}

const recheckMs = 5_000;
/** So long are readings held back for their true times; a network without a time server gets them then. */
const settleLimitMs = 120_000;

export class ClockSync implements Closeable {
  readonly #clock: Clock;
  readonly #folder: string;
  readonly #boot: Boot | undefined;
  /** Uptime minus monotonic time, milliseconds. */
  readonly #uptimeOffsetMs: number;
  readonly #settleUntilMs: number;
  readonly #listeners = new Set<() => void>();
  #synced: boolean | undefined;
  #timer: Timer | undefined;
  #told = '';
  #closed = false;

  private constructor({ clock, boot, folder = '/run/systemd/timesync' }: ClockSyncOptions) {
    this.#clock = clock;
    this.#folder = folder;
    this.#boot = boot;
    this.#uptimeOffsetMs = (boot?.uptimeMs ?? 0) - clock.monotonicMs();
    this.#settleUntilMs = clock.monotonicMs() + settleLimitMs;
  }

  /** Looks at once, then every few seconds until the clock is synchronised. */
  static async open(options: ClockSyncOptions): Promise<ClockSync> {
    const sync = new ClockSync(options);
    await sync.#look();
    return sync;
  }

  /** Undefined when nothing here can tell. */
  get synced(): boolean | undefined {
    return this.#synced;
  }

  /** True while it is worth waiting for true times. */
  get settling(): boolean {
    return this.#synced === false && this.#clock.monotonicMs() < this.#settleUntilMs;
  }

  /** When this boot began by the clock as it is now. */
  get origin(): UnsyncedOrigin | undefined {
    if (this.#boot === undefined) return undefined;
    const uptimeMs = this.#clock.monotonicMs() + this.#uptimeOffsetMs;
    return { boot: this.#boot.id, baseMs: this.#clock.now() - uptimeMs };
  }

  /** Called when `synced` or `settling` has changed. Returns the undo. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#listeners.clear();
  }

  async #look(): Promise<void> {
    const known = await exists(this.#folder);
    this.#synced = known ? await exists(join(this.#folder, 'synchronized')) : undefined;
    if (this.#closed) return;
    const state = `${this.#synced} ${this.settling}`;
    if (state !== this.#told) for (const listener of this.#listeners) listener();
    this.#told = state;
    if (this.#synced !== false) return;
    this.#timer = this.#clock.after(recheckMs, () => void this.#look(), { background: true });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
