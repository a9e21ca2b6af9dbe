/**
 * Watches one line and reports its clicks. The rules are in `click-machine.ts`; this file brings
 * them the edges and the time, and holds at most one timer.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Edge, GpioInput } from '../../hardware/ports.js';
import { type Click, ClickMachine, type ClickOptions } from './click-machine.js';

export interface ClickRecogniserOptions {
  readonly line: Pick<GpioInput, 'watch' | 'drain'>;
  readonly clock: Clock;
  readonly rules: ClickOptions;
  /** Called for every click, in order, in the same turn as the edge or timer that decided it. */
  readonly onClick: (click: Click) => void;
  readonly onError?: (error: Error) => void;
}

export class ClickRecogniser implements Closeable {
  readonly #line: ClickRecogniserOptions['line'];
  readonly #machine: ClickMachine;
  readonly #clock: Clock;
  readonly #onClick: (click: Click) => void;
  #timer: Timer | undefined;
  #unwatch: () => void = () => {};
  #closed = false;

  private constructor(options: ClickRecogniserOptions) {
    this.#line = options.line;
    this.#machine = new ClickMachine(options.rules);
    this.#clock = options.clock;
    this.#onClick = options.onClick;
  }

  /** Begins to watch at once. A button that is already held counts from its next press. */
  static open(options: ClickRecogniserOptions): ClickRecogniser {
    const recogniser = new ClickRecogniser(options);
    recogniser.#unwatch = options.line.watch((edge) => recogniser.#onEdge(edge), options.onError);
    return recogniser;
  }

  /** Stops watching; a push that is not decided yet is forgotten. The line itself stays open. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    this.#timer?.cancel();
  }

  #onEdge(edge: Edge): void {
    if (this.#closed) return;
    this.#report(this.#machine.edge(edge.level, edge.atMs));
  }

  #report(clicks: readonly Click[]): void {
    this.#timer?.cancel();
    const dueMs = this.#machine.nextDueMs;
    this.#timer = dueMs === undefined ? undefined : this.#wake(dueMs);
    for (const click of clicks) this.#onClick(click);
  }

  #wake(dueMs: number): Timer {
    // Timers count whole milliseconds; without rounding up one would fire before its time and spin.
    const delayMs = Math.max(0, Math.ceil(dueMs - this.#clock.monotonicMs()));
    return this.#clock.after(delayMs, () => this.#onDue(), { background: true });
  }

  /** After a busy spell timers run before what happened meanwhile is read: the edges' own times decide. */
  #onDue(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#line.drain?.();
    if (!this.#closed) this.#report(this.#machine.advance(nowMs));
  }
}
