/**
 * One line of a GPIO character device. Levels are logical: the kernel inverts them for `activeLow`.
 * Edges carry the kernel's time of the interrupt, so a busy program does not blur them.
 */
import type { Clock } from '../../core/clock.js';
import { lineClosed, lineFailed } from '../errors.js';
import type { Edge, GpioInput, GpioOutput, Level } from '../ports.js';
import type { GpioKernel } from './gpio-kernel.js';
import { decodeEvents, decodeLevel, eventBytes, lineValues, requests } from './gpio-uapi.js';

interface LineOptions {
  readonly pin: string;
  readonly fd: number;
  readonly kernel: GpioKernel;
  readonly onClose: () => void;
}

interface InputOptions extends LineOptions {
  readonly clock: Clock;
}

interface Watcher {
  readonly listener: (edge: Edge) => void;
  readonly onError: ((error: Error) => void) | undefined;
}

const eventsPerRead = 64;

export class CharacterInput implements GpioInput {
  readonly route = 'chardev';
  readonly pin: string;
  readonly #options: InputOptions;
  readonly #watchers = new Set<Watcher>();
  readonly #buffer = Buffer.alloc(eventBytes * eventsPerRead);
  /** What to add to the kernel's time to have the clock's. */
  readonly #offsetMs: number;
  #lastLevel: Level = 0;
  #unwatch: () => void = () => {};
  #closed = false;

  private constructor(options: InputOptions) {
    this.pin = options.pin;
    this.#options = options;
    this.#offsetMs = clockOffset(options.kernel, options.clock);
  }

  /** Owns the file from now on, also when it throws. @throws LINE_FAILED. */
  static open(options: InputOptions): CharacterInput {
    const line = new CharacterInput(options);
    try {
      // Also makes reading not wait.
      line.#unwatch = options.kernel.watch(options.fd, () => line.#onReadable());
      line.#lastLevel = line.#level();
      return line;
    } catch (error) {
      line.#unwatch();
      options.kernel.close(options.fd);
      throw lineFailed(options.pin, error);
    }
  }

  async read(): Promise<Level> {
    if (this.#closed) throw lineClosed(this.pin);
    try {
      return this.#level();
    } catch (error) {
      throw lineFailed(this.pin, error);
    }
  }

  watch(listener: (edge: Edge) => void, onError?: (error: Error) => void): () => void {
    if (this.#closed) throw lineClosed(this.pin);
    // What happened before belongs to the watchers that were there.
    this.#onReadable();
    const watcher: Watcher = { listener, onError };
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  drain(): void {
    this.#onReadable();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watchers.clear();
    this.#unwatch();
    this.#options.kernel.close(this.#options.fd);
    this.#options.onClose();
  }

  #level(): Level {
    const values = lineValues(0);
    this.#options.kernel.control(this.#options.fd, requests.getValues, values);
    return decodeLevel(values);
  }

  /** Called by the event loop and by timers, where a throw would have nobody to catch it. */
  #onReadable(): void {
    try {
      for (;;) {
        if (this.#closed) return;
        const length = this.#options.kernel.read(this.#options.fd, this.#buffer);
        for (const { level, kernelMs } of decodeEvents(this.#buffer.subarray(0, length))) {
          this.#observe(level, kernelMs + this.#offsetMs);
        }
        if (length < this.#buffer.length) return;
      }
    } catch (error) {
      for (const { onError } of [...this.#watchers]) onError?.(lineFailed(this.pin, error));
    }
  }

  /** The kernel looks at the level after the interrupt; one that did not change was a pulse too short to see. */
  #observe(level: Level, atMs: number): void {
    if (level === this.#lastLevel) return;
    this.#lastLevel = level;
    for (const { listener } of [...this.#watchers]) listener({ level, atMs });
  }
}

/** Both clocks go at the same pace; the reading between the two nearest others is the best of a few. */
function clockOffset(kernel: GpioKernel, clock: Clock): number {
  let best = { spanMs: Number.POSITIVE_INFINITY, offsetMs: 0 };
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const before = clock.monotonicMs();
    const kernelMs = kernel.monotonicMs();
    const spanMs = clock.monotonicMs() - before;
    if (spanMs < best.spanMs) best = { spanMs, offsetMs: before + spanMs / 2 - kernelMs };
  }
  return best.offsetMs;
}

export class CharacterOutput implements GpioOutput {
  readonly route = 'chardev';
  readonly pin: string;
  readonly #options: LineOptions;
  #closed = false;

  constructor(options: LineOptions) {
    this.pin = options.pin;
    this.#options = options;
  }

  async write(level: Level): Promise<void> {
    if (this.#closed) throw lineClosed(this.pin);
    try {
      this.#options.kernel.control(this.#options.fd, requests.setValues, lineValues(level));
    } catch (error) {
      throw lineFailed(this.pin, error);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.kernel.close(this.#options.fd);
    this.#options.onClose();
  }
}
