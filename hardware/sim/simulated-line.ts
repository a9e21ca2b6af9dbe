/** The lines of `SimulatedChip`. They translate between electrical and logical levels. */
import { lineClosed } from '../errors.js';
import type { Edge, GpioInput, GpioOutput, Level } from '../ports.js';

/** An electrical level and when it was put out, on the clock's monotonic scale. */
export interface RecordedLevel {
  readonly level: Level;
  readonly atMs: number;
}

interface LineOptions {
  readonly pin: string;
  readonly activeLow: boolean;
  readonly onClose: () => void;
}

interface Watcher {
  readonly listener: (edge: Edge) => void;
  readonly onError: ((error: Error) => void) | undefined;
}

export class SimulatedInput implements GpioInput {
  readonly route = 'simulated';
  readonly pin: string;
  readonly #options: LineOptions & { readonly electrical: () => Level };
  readonly #watchers = new Set<Watcher>();
  #lastLevel: Level;
  #fault: Error | undefined;
  #closed = false;

  constructor(options: LineOptions & { readonly electrical: () => Level }) {
    this.pin = options.pin;
    this.#options = options;
    this.#lastLevel = logical(options.electrical(), options.activeLow);
  }

  async read(): Promise<Level> {
    if (this.#closed) throw lineClosed(this.pin);
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault) throw fault;
    return logical(this.#options.electrical(), this.#options.activeLow);
  }

  watch(listener: (edge: Edge) => void, onError?: (error: Error) => void): () => void {
    if (this.#closed) throw lineClosed(this.pin);
    const watcher: Watcher = { listener, onError };
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  /** Called by the chip when the electrical level is set; an unchanged level is no edge. */
  driven(electrical: Level, atMs: number): void {
    const level = logical(electrical, this.#options.activeLow);
    if (level === this.#lastLevel) return;
    this.#lastLevel = level;
    for (const watcher of [...this.#watchers]) {
      if (this.#watchers.has(watcher)) watcher.listener({ level, atMs });
    }
  }

  fail(error: Error): void {
    this.#fault = error;
    for (const { onError } of [...this.#watchers]) onError?.(error);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watchers.clear();
    this.#options.onClose();
  }
}

export class SimulatedOutput implements GpioOutput {
  readonly route = 'simulated';
  readonly pin: string;
  readonly #options: LineOptions & { readonly record: (electrical: Level) => void };
  #closed = false;

  constructor(options: LineOptions & { readonly record: (electrical: Level) => void }) {
    this.pin = options.pin;
    this.#options = options;
  }

  /** Puts the inactive level out. */
  start(): void {
    this.#options.record(logical(0, this.#options.activeLow));
  }

  async write(level: Level): Promise<void> {
    if (this.#closed) throw lineClosed(this.pin);
    this.#options.record(logical(level, this.#options.activeLow));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.onClose();
  }
}

/** The same swap serves both directions. */
function logical(level: Level, activeLow: boolean): Level {
  if (!activeLow) return level;
  return level === 1 ? 0 : 1;
}
