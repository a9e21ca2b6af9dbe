/** Puts clicks and readings into the outbox with their times, and tells who wants to know of a click. */
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { ClickType, Reading } from '../core/wire/messages.js';
import type { Click } from './clicks/click-machine.js';
import type { ClockSync } from './clock-sync.js';
import type { Outbox } from './outbox.js';
import type { UnsyncedOrigin } from './outbox-store.js';

export interface StoredClick {
  readonly id: string;
  readonly seq: number;
  readonly button: string;
  readonly clickType: ClickType;
}

export interface RecorderOptions {
  readonly outbox: Outbox;
  readonly clockSync: ClockSync;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #listeners = new Set<(click: StoredClick) => void>();

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Called for every click once it is safe on disk. Returns the undo. */
  onClick(listener: (click: StoredClick) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Never rejects: a click that cannot be stored before the agent ends is logged as lost. */
  async click(button: string, { clickType, atMs }: Click): Promise<void> {
    const { clock, log, outbox } = this.#options;
    const ageMs = Math.max(0, clock.monotonicMs() - atMs);
    const deviceTime = new Date(clock.now() - ageMs).toISOString();
    try {
      const content = { ...this.#synced(), deviceTime, button, clickType };
      const stored = await outbox.append('click', content, this.#unsynced());
      if (stored === undefined) return;
      const { id, seq } = stored;
      log.info('click', { button, clickType, seq });
      for (const listener of this.#listeners) listener({ id, seq, button, clickType });
    } catch (error) {
      log.error('a click could not be stored and is lost', { button, clickType, error });
    }
  }

  /** @throws the outbox's errors. */
  async readings(readings: readonly Reading[]): Promise<void> {
    await this.#options.outbox.append('telemetry', { ...this.#synced(), readings }, this.#unsynced());
  }

  /** Of which clock the times are, when it is not a synchronised one. */
  #unsynced(): UnsyncedOrigin | undefined {
    const { clockSync } = this.#options;
    return clockSync.synced === false ? clockSync.origin : undefined;
  }

  #synced(): { clockSynced?: boolean } {
    const { synced } = this.#options.clockSync;
    return synced === undefined ? {} : { clockSynced: synced };
  }
}
