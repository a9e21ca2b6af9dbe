/** Doing several things at once, but not too many. */
import { interrupted } from './errors.js';

/** @throws INTERRUPTED when `signal` has aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw interrupted(signal.reason);
}

/**
 * Applies `work` to each item with at most `limit` under way, and yields the results in order.
 * When the reader stops early or one fails, those under way are waited for.
 */
export async function* mapBounded<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const underWay: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const started = work(item);
      // A failure is reported when its turn comes; until then it is not "unhandled".
      started.catch(() => {});
      underWay.push(started);
      if (underWay.length >= limit) yield await (underWay.shift() as Promise<R>);
    }
    while (underWay.length > 0) yield await (underWay.shift() as Promise<R>);
  } finally {
    await Promise.allSettled(underWay);
  }
}

/** A counter of free places with a queue. */
export class Slots {
  #free: number;
  readonly #waiters: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves once a place is free, without taking it. @throws INTERRUPTED. */
  async whenFree(signal?: AbortSignal): Promise<void> {
    while (this.#free <= 0) {
      throwIfAborted(signal);
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        signal?.addEventListener('abort', wake);
        this.#waiters.push(wake);
      });
    }
    throwIfAborted(signal);
  }

  /** Takes a place, waiting for one. @throws INTERRUPTED. */
  async take(signal?: AbortSignal): Promise<void> {
    await this.whenFree(signal);
    this.#free--;
  }

  release(): void {
    this.#free++;
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

/** Resolves as `work` does. @throws INTERRUPTED when `signal` aborts first; `work` goes on. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  throwIfAborted(signal);
  let onAbort: () => void = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(interrupted(signal.reason));
    signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
