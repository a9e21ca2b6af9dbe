/**
 * A GPIO chip without hardware whose lines behave: levels are electrical, an undriven line rests at
 * its inactive level as with a pull resistor, watchers get every edge with its time on the clock.
 * Watchers are called inside `drive`, or inside the clock's timer while a pattern plays.
 */
import type { Clock, Timer } from '../../core/clock.js';
import { interrupted } from '../../core/errors.js';
import { gpioClosed, lineBusy, lineFailed, lineUnknown } from '../errors.js';
import { lineOffset } from '../pin-name.js';
import type { GpioChip, GpioInput, GpioInputOptions, GpioOutput, Level } from '../ports.js';
import { type RecordedLevel, SimulatedInput, SimulatedOutput } from './simulated-line.js';

/** One step of a signal: `afterMs` after the step before, the line goes to the electrical `level`. */
export interface PatternStep {
  readonly afterMs: number;
  readonly level: Level;
}
export type Pattern = readonly PatternStep[];

export interface SimulatedChipOptions {
  readonly clock: Clock;
  /** Lines GPIO0 and up; 28, as on the header of a Raspberry Pi, unless told. */
  readonly lineCount?: number;
}

/** Steps closer together than timers can tell run at once, each with its own time. */
const timerGrainMs = 0.001;

export class SimulatedChip implements GpioChip {
  readonly route = 'simulated';
  readonly #clock: Clock;
  readonly #lineCount: number;
  readonly #driven = new Map<number, Level>();
  readonly #open = new Map<number, SimulatedInput | SimulatedOutput>();
  readonly #recorded = new Map<number, RecordedLevel[]>();
  readonly #onOutput = new Map<number, Set<(recorded: RecordedLevel) => void>>();
  readonly #playing = new Set<() => void>();
  #closed = false;

  constructor(options: SimulatedChipOptions) {
    this.#clock = options.clock;
    this.#lineCount = options.lineCount ?? 28;
  }

  async input({ pin, activeLow }: GpioInputOptions): Promise<GpioInput> {
    const offset = this.#claim(pin);
    const line = new SimulatedInput({
      pin,
      activeLow,
      electrical: () => this.#driven.get(offset) ?? (activeLow ? 1 : 0),
      onClose: () => this.#open.delete(offset),
    });
    this.#open.set(offset, line);
    return line;
  }

  /** The output starts inactive, which is the first recorded level. */
  async output({ pin, activeLow }: GpioInputOptions): Promise<GpioOutput> {
    const offset = this.#claim(pin);
    const history = this.#recorded.get(offset) ?? [];
    this.#recorded.set(offset, history);
    const line = new SimulatedOutput({
      pin,
      activeLow,
      record: (level) => {
        const recorded = { level, atMs: this.#clock.monotonicMs() };
        history.push(recorded);
        for (const listener of this.#onOutput.get(offset) ?? []) listener(recorded);
      },
      onClose: () => this.#open.delete(offset),
    });
    line.start();
    this.#open.set(offset, line);
    return line;
  }

  /** Puts the line at an electrical level from outside, as a button's contact does. @throws LINE_UNKNOWN. */
  drive(pin: string, level: Level): void {
    this.#driveAt(lineOffset(pin, this.#lineCount), level, this.#clock.monotonicMs());
  }

  /**
   * Plays a signal on the line; resolves after its last step.
   * @throws LINE_UNKNOWN; INTERRUPTED when `signal` aborts or the chip closes first.
   */
  play(pin: string, pattern: Pattern, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      const offset = lineOffset(pin, this.#lineCount);
      if (this.#closed || signal?.aborted) throw interrupted(signal?.reason);
      const stop = () => {
        timer?.cancel();
        finish();
        reject(interrupted(signal?.reason));
      };
      const finish = () => {
        this.#playing.delete(stop);
        signal?.removeEventListener('abort', stop);
      };
      this.#playing.add(stop);
      signal?.addEventListener('abort', stop, { once: true });
      let timer: Timer | undefined;
      const steps = timed(pattern, this.#clock.monotonicMs());
      const run = () => {
        const now = this.#clock.monotonicMs();
        for (let step = steps[0]; step && step.atMs <= now + timerGrainMs; step = steps[0]) {
          steps.shift();
          this.#driveAt(offset, step.level, step.atMs);
        }
        const next = steps[0];
        if (next) timer = this.#clock.after(next.atMs - now, run);
        else {
          finish();
          resolve();
        }
      };
      run();
    });
  }

  /** Makes the open input on `pin` fail once: its watchers are told, and the next read rejects. */
  fail(pin: string, message = 'simulated fault'): void {
    const line = this.#open.get(lineOffset(pin, this.#lineCount));
    if (!(line instanceof SimulatedInput)) throw lineUnknown(pin);
    line.fail(lineFailed(pin, new Error(message)));
  }

  /** Electrical levels that outputs on `pin` put out so far, in order, each with its monotonic time. */
  recorded(pin: string): readonly RecordedLevel[] {
    return this.#recorded.get(lineOffset(pin, this.#lineCount)) ?? [];
  }

  /** Calls `listener` with every electrical level that outputs on `pin` put out from now on. Returns the undo. */
  onOutput(pin: string, listener: (recorded: RecordedLevel) => void): () => void {
    const offset = lineOffset(pin, this.#lineCount);
    const listeners = this.#onOutput.get(offset) ?? new Set();
    this.#onOutput.set(offset, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of [...this.#playing]) stop();
    await Promise.all([...this.#open.values()].map((line) => line.close()));
  }

  #claim(pin: string): number {
    if (this.#closed) throw gpioClosed();
    const offset = lineOffset(pin, this.#lineCount);
    if (this.#open.has(offset)) throw lineBusy(pin);
    return offset;
  }

  #driveAt(offset: number, level: Level, atMs: number): void {
    this.#driven.set(offset, level);
    const line = this.#open.get(offset);
    if (line instanceof SimulatedInput) line.driven(level, atMs);
  }
}

function timed(pattern: Pattern, startMs: number): { level: Level; atMs: number }[] {
  let atMs = startMs;
  return pattern.map(({ afterMs, level }) => {
    atMs += afterMs;
    return { level, atMs };
  });
}
