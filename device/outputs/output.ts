/**
 * One output line: switched, pulsed, or playing a pattern over what it is switched to. However it came
 * on, it is never on for longer than `maxOnMs` at a stretch: then it goes off and stays so until it is
 * told again. Levels are written one after another; a line that fails is said once per streak.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { GpioOutput, Level } from '../../hardware/ports.js';

export interface OutputPattern {
  readonly onMs: number;
  readonly offMs: number;
  /** 0: until something else is told. */
  readonly times: number;
}

/** Why an output is as it is. */
export type OutputCause = 'start' | 'asked' | 'pulse over' | 'longest on-time' | 'offline';

export interface OutputOptions {
  readonly name: string;
  readonly line: GpioOutput;
  /** 0: without limit. */
  readonly maxOnMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when what it is switched to has changed; not for patterns. */
  readonly onChange: () => void;
}

export class Output implements Closeable {
  readonly #options: OutputOptions;
  /** What it is switched to. */
  #on = false;
  #cause: OutputCause = 'start';
  #level: Level = 0;
  #pulse: Timer | undefined;
  #pattern: Timer | undefined;
  #interlock: Timer | undefined;
  #writes: Promise<void> = Promise.resolve();
  #failing = false;
  #closed = false;

  /** The line must be inactive, as every route opens it. */
  constructor(options: OutputOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get state(): { readonly on: boolean; readonly cause: OutputCause } {
    return { on: this.#on, cause: this.#cause };
  }

  switch(on: boolean, cause: OutputCause = 'asked'): void {
    this.#pulse?.cancel();
    this.#stopPattern();
    this.#set(on, cause);
  }

  /** On for `durationMs`, then off; at most for the longest on-time. */
  pulse(durationMs: number): void {
    this.switch(true);
    this.#pulse = this.#options.clock.after(durationMs, () => this.#set(false, 'pulse over'));
  }

  /** Plays over what the output is switched to, and gives it back afterwards. */
  play(pattern: OutputPattern): void {
    this.#stopPattern();
    this.#step(pattern, 0, true);
  }

  /** Ends a pattern. */
  settle(): void {
    this.#stopPattern();
    this.#apply(this.#on ? 1 : 0);
  }

  /** Off, and gives the line back. */
  async close(): Promise<void> {
    this.#pulse?.cancel();
    this.#stopPattern();
    this.#on = false;
    this.#apply(0);
    this.#closed = true;
    await this.#writes;
    await this.#options.line.close();
  }

  #step(pattern: OutputPattern, played: number, on: boolean): void {
    this.#apply(on ? 1 : 0);
    const next = () => {
      if (on) this.#step(pattern, played + 1, false);
      else if (pattern.times !== 0 && played >= pattern.times) this.settle();
      else this.#step(pattern, played, true);
    };
    this.#pattern = this.#options.clock.after(on ? pattern.onMs : pattern.offMs, next, { background: true });
  }

  #stopPattern(): void {
    this.#pattern?.cancel();
    this.#pattern = undefined;
  }

  #set(on: boolean, cause: OutputCause): void {
    const changed = this.#on !== on || (cause !== this.#cause && cause !== 'pulse over');
    this.#on = on;
    this.#cause = cause;
    this.#apply(on ? 1 : 0);
    if (changed) this.#options.onChange();
  }

  #apply(level: Level): void {
    if (this.#closed || level === this.#level) return;
    this.#level = level;
    this.#guard(level);
    const { line, log, name } = this.#options;
    this.#writes = this.#writes
      .then(() => line.write(level))
      .then(
        () => {
          this.#failing = false;
        },
        (error: unknown) => {
          log[this.#failing ? 'debug' : 'error']('an output does not work', { output: name, error });
          this.#failing = true;
        },
      );
  }

  #guard(level: Level): void {
    const { maxOnMs, clock, log, name } = this.#options;
    this.#interlock?.cancel();
    this.#interlock = undefined;
    if (level === 0 || maxOnMs === 0) return;
    this.#interlock = clock.after(maxOnMs, () => {
      log.warn('output switched off: it was on for its longest time', { output: name, maxOnMs });
      this.switch(false, 'longest on-time');
    });
  }
}
