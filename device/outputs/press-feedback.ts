/**
 * Shows on lamps and buzzers what becomes of a press: pending from the moment it is safe, then delivered
 * (stored by the cloud, and its action done when there is one) or failed. The newest press counts.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { FeedbackMessage } from '../../core/wire/messages.js';
import type { ButtonConfig } from '../config.js';
import type { OutputPattern } from './output.js';
import type { FeedbackConfig } from './output-config.js';

interface Lamps {
  play(name: string, pattern: OutputPattern): void;
  settle(name: string): void;
}

/** Nothing came back by then: the press waits for a connection, and the lamp need not blink for hours. */
const pendingLimitMs = 30_000;
const rememberedPresses = 100;

export class PressFeedback implements Closeable {
  readonly #lamps: Lamps;
  readonly #clock: Clock;
  readonly #feedback: ReadonlyMap<string, readonly FeedbackConfig[]>;
  /** The button of each press that is under way. */
  readonly #pending = new Map<string, string>();
  readonly #newest = new Map<string, string>();
  readonly #limits = new Map<string, Timer>();

  constructor(lamps: Lamps, buttons: readonly ButtonConfig[], clock: Clock) {
    this.#lamps = lamps;
    this.#clock = clock;
    this.#feedback = new Map(buttons.map(({ name, feedback }) => [name, feedback]));
  }

  pressed(id: string, button: string): void {
    if ((this.#feedback.get(button)?.length ?? 0) === 0) return;
    this.#pending.set(id, button);
    const [oldest] = this.#pending.keys();
    if (this.#pending.size > rememberedPresses && oldest !== undefined) this.#pending.delete(oldest);
    this.#newest.set(button, id);
    this.#show(button, 'pending');
    this.#limits.get(button)?.cancel();
    const limit = this.#clock.after(pendingLimitMs, () => this.#settle(button), { background: true });
    this.#limits.set(button, limit);
  }

  /** What the cloud says of a press of this device. */
  came({ id, outcome }: FeedbackMessage): void {
    const button = this.#pending.get(id);
    this.#pending.delete(id);
    if (button === undefined || this.#newest.get(button) !== id) return;
    this.#limits.get(button)?.cancel();
    this.#show(button, outcome === 'failed' ? 'failed' : 'delivered');
  }

  async close(): Promise<void> {
    for (const timer of this.#limits.values()) timer.cancel();
  }

  #show(button: string, what: 'pending' | 'delivered' | 'failed'): void {
    for (const feedback of this.#feedback.get(button) ?? []) {
      const pattern = feedback[what];
      if (pattern === null) this.#lamps.settle(feedback.output);
      else this.#lamps.play(feedback.output, pattern);
    }
  }

  #settle(button: string): void {
    for (const { output } of this.#feedback.get(button) ?? []) this.#lamps.settle(output);
  }
}
