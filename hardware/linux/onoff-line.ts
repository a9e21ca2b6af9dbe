/**
 * One line opened through onoff. Levels are logical: the kernel inverts them for `activeLow`.
 * sysfs cannot set a pull-up: where the line has none at reset (all but GPIO0 to GPIO8), it is set by
 * `gpio=17=pu` in config.txt or by a resistor.
 */
import type { Clock } from '../../core/clock.js';
import { lineClosed, lineFailed } from '../errors.js';
import type { Edge, GpioInput, GpioOutput, Level } from '../ports.js';
import type { OnoffLine } from './packages.js';

export interface OnoffLineOptions {
  readonly pin: string;
  readonly line: OnoffLine;
  readonly clock: Clock;
  /** Level when opened; edges are reported against it. */
  readonly level: Level;
  readonly onClose: () => void;
}

interface Watcher {
  readonly listener: (edge: Edge) => void;
  readonly onError: ((error: Error) => void) | undefined;
}

export class OnoffInput implements GpioInput {
  readonly route = 'onoff';
  readonly pin: string;
  readonly #options: OnoffLineOptions;
  readonly #watchers = new Set<Watcher>();
  #lastLevel: Level;
  #closed = false;

  constructor(options: OnoffLineOptions) {
    this.pin = options.pin;
    this.#options = options;
    this.#lastLevel = options.level;
  }

  async read(): Promise<Level> {
    if (this.#closed) throw lineClosed(this.pin);
    const level = await this.#options.line.read().catch((error: unknown) => {
      throw lineFailed(this.pin, error);
    });
    // Reading acknowledges a pending edge in the kernel, whose event then never comes.
    this.#observe(level);
    return level;
  }

  watch(listener: (edge: Edge) => void, onError?: (error: Error) => void): () => void {
    if (this.#closed) throw lineClosed(this.pin);
    const watcher: Watcher = { listener, onError };
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) this.#options.line.watch((error, level) => this.#onEvent(error, level));
    return () => {
      if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#options.line.unwatch();
    };
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    this.#watchers.clear();
    return release(this.#options);
  }

  #onEvent(error: Error | null | undefined, level: Level): void {
    if (!error) {
      this.#observe(level);
      return;
    }
    for (const { onError } of [...this.#watchers]) onError?.(lineFailed(this.pin, error));
  }

  /** An event with an unchanged level is a pulse shorter than the route can see; it is left out. */
  #observe(level: Level): void {
    if (this.#closed || level === this.#lastLevel) return;
    this.#lastLevel = level;
    const edge: Edge = { level, atMs: this.#options.clock.monotonicMs() };
    for (const { listener } of [...this.#watchers]) listener(edge);
  }
}

export class OnoffOutput implements GpioOutput {
  readonly route = 'onoff';
  readonly pin: string;
  readonly #options: Omit<OnoffLineOptions, 'clock' | 'level'>;
  #closed = false;

  constructor(options: Omit<OnoffLineOptions, 'clock' | 'level'>) {
    this.pin = options.pin;
    this.#options = options;
  }

  async write(level: Level): Promise<void> {
    if (this.#closed) throw lineClosed(this.pin);
    await this.#options.line.write(level).catch((error: unknown) => {
      throw lineFailed(this.pin, error);
    });
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    return release(this.#options);
  }
}

async function release({
  line,
  onClose,
  pin,
}: Pick<OnoffLineOptions, 'line' | 'onClose' | 'pin'>): Promise<void> {
  try {
    line.unexport();
  } catch (error) {
    throw lineFailed(pin, error);
  } finally {
    onClose();
  }
}
