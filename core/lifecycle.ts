/**
 * Lifetimes as values: what was opened is closed in reverse order, also when opening fails half-way.
 */
import type { Logger } from './log.js';

export interface Closeable {
  /** Idempotent. Stops intake, drains within a stated time, rejects every waiter. */
  close(): Promise<void>;
}

/**
 * A stack of things to close. `close()` runs them last-in first-out, each once, and goes on past a
 * failure; the failures come back together at the end.
 */
export class Lifetimes implements Closeable {
  readonly #stack: { name: string; close: () => Promise<void> | void }[] = [];
  readonly #log: Logger | undefined;
  #closing: Promise<void> | undefined;

  constructor(log?: Logger) {
    this.#log = log;
  }

  /** Registers `item` for closing and hands it back. */
  add<T extends Closeable>(name: string, item: T): T {
    this.defer(name, () => item.close());
    return item;
  }

  /** Registers an undo step. */
  defer(name: string, close: () => Promise<void> | void): void {
    this.#stack.push({ name, close });
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let entry = this.#stack.pop(); entry !== undefined; entry = this.#stack.pop()) {
      try {
        this.#log?.debug('closing', { part: entry.name });
        await entry.close();
      } catch (error) {
        this.#log?.error('close failed', { part: entry.name, error });
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, 'several parts failed to close');
  }
}

/**
 * Runs `open` with a fresh stack; when it throws, everything opened so far is closed before the
 * error goes on.
 */
export async function opening<T>(open: (lifetimes: Lifetimes) => Promise<T>, log?: Logger): Promise<T> {
  const lifetimes = new Lifetimes(log);
  try {
    return await open(lifetimes);
  } catch (error) {
    await lifetimes.close().catch(() => {});
    throw error;
  }
}
