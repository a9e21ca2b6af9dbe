/**
 * A body whose bytes come out one grain at a time, each after its turn with the limiter and only
 * when the reader asks for more, so that what waits is never in a buffer further down. Destroying
 * it destroys the source at once, also while it waits.
 */
import { Readable } from 'node:stream';
import type { RateLimiter } from './rate-limiter.js';

export interface PacedOptions {
  /** Without one the source's chunks pass as they are. */
  readonly limiter?: RateLimiter | undefined;
  /** Turns the source's error into the one that the reader sees. */
  readonly mapError?: (error: unknown) => Error;
}

/** Reads all of `source`; a failure of the source fails the stream. */
export function pacedStream(source: Readable | Uint8Array, options: PacedOptions): Readable {
  const stream = new PacedStream(source, options);
  // Taken up here and not at the first read: a source may fail before anybody reads.
  if (source instanceof Readable) source.once('error', (error) => stream.fail(error));
  return stream;
}

class PacedStream extends Readable {
  readonly #source: Readable | Uint8Array;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #limiter: RateLimiter | undefined;
  readonly #mapError: ((error: unknown) => Error) | undefined;
  readonly #stop = new AbortController();
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: Readable | Uint8Array, options: PacedOptions) {
    super(options.limiter === undefined ? {} : { highWaterMark: options.limiter.grainBytes });
    this.#source = source;
    this.#chunks = chunksOf(source);
    this.#limiter = options.limiter;
    this.#mapError = options.mapError;
  }

  fail(error: unknown): void {
    if (this.destroyed) return;
    const plain = error instanceof Error ? error : new Error(String(error));
    this.destroy(this.#mapError?.(error) ?? plain);
  }

  override _read(): void {
    void this.#pushGrain();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stop.abort();
    if (this.#source instanceof Readable) this.#source.destroy();
    callback(error);
  }

  async #pushGrain(): Promise<void> {
    try {
      const grain = await this.#nextGrain();
      if (grain !== undefined && this.#limiter?.isOpen === false)
        await this.#limiter.take(grain.length, this.#stop.signal);
      this.push(grain ?? null);
    } catch (error) {
      this.fail(error);
    }
  }

  async #nextGrain(): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return undefined;
      this.#rest = next.value;
    }
    const isFree = this.#limiter === undefined || this.#limiter.isOpen;
    const grain = isFree ? this.#rest : this.#rest.subarray(0, this.#limiter?.grainBytes);
    this.#rest = this.#rest.subarray(grain.length);
    return grain;
  }
}

async function* chunksOf(source: Readable | Uint8Array): AsyncGenerator<Uint8Array> {
  if (source instanceof Readable) yield* source as AsyncIterable<Uint8Array>;
  else yield source;
}
