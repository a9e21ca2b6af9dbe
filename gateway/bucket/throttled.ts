/**
 * A bucket under limiters that several buckets may share. Bytes wait where they are written and
 * read: on the connection, or in the call for what has none. During a pause no call begins, and one
 * that breaks in a pause is made again afterwards, which is no failure. Only the repository's locks
 * are kept up meanwhile: a lock that lapsed would let others delete what was sent.
 */
import type { Readable } from 'node:stream';
import { GatehouseError } from '../../core/errors.js';
import type {
  Attempt,
  Bucket,
  BucketEntry,
  CallOptions,
  GetStreamOptions,
  ObjectAddress,
  ObjectFacts,
  Pacing,
  PutOptions,
  PutStreamOptions,
} from './bucket.js';
import { ForwardingBucket } from './forwarding.js';

const upkeepPrefix = 'locks/';

export interface ThrottledOptions {
  readonly pacing: Pacing;
  /** The inner bucket's calls take the limiters; else its connections have them already. */
  readonly pacesCalls?: boolean;
  /** Opens the same place without limiters, for the upkeep of locks in a pause; else they wait too. */
  readonly unpaced?: () => Promise<Bucket>;
  /** Runs after the inner bucket is closed. */
  readonly onClose?: () => void;
}

export class ThrottledBucket extends ForwardingBucket {
  readonly #options: ThrottledOptions;
  #unpaced: Promise<Bucket> | undefined;

  /** Closing it closes `inner`. */
  constructor(inner: Bucket, options: ThrottledOptions) {
    super(inner);
    this.#options = options;
  }

  override async close(): Promise<void> {
    await super.close();
    await (await this.#unpaced?.catch(() => undefined))?.close();
    this.#options.onClose?.();
  }

  override prepare(options?: CallOptions): Promise<void> {
    return this.#held(options, () => super.prepare(options));
  }

  override put(key: string, content: Uint8Array, options?: PutOptions): Promise<void> {
    return this.#call(key, options, (bucket, how) => bucket.put(key, content, how));
  }

  override putFile(key: string, filePath: string, sizeBytes: number, options?: PutOptions): Promise<void> {
    return this.#held(options, () => super.putFile(key, filePath, sizeBytes, this.#paced(options)));
  }

  /** The parts are made again one by one; the whole cannot be, since `content` is read once. */
  override async putStream(
    key: string,
    content: AsyncIterable<Uint8Array>,
    options?: PutStreamOptions,
  ): Promise<number> {
    await this.#running(options);
    return super.putStream(key, content, this.#paced(options));
  }

  override get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    return this.#call(key, options, (bucket, how) => bucket.get(key, how));
  }

  override getRange(
    key: string,
    offset: number,
    length: number,
    options?: CallOptions,
  ): Promise<Uint8Array | undefined> {
    return this.#held(options, () => super.getRange(key, offset, length, this.#paced(options)));
  }

  override getStream(key: string, options?: GetStreamOptions): Promise<Readable | undefined> {
    return this.#held(options, () => super.getStream(key, this.#paced(options)));
  }

  override localFile(key: string): string | undefined {
    return this.#options.pacing.download?.isOpen === false ? undefined : super.localFile(key);
  }

  override stat(key: string, options?: CallOptions): Promise<number | undefined> {
    return this.#call(key, options, (bucket, how) => bucket.stat(key, how));
  }

  override describe(key: string, options?: CallOptions): Promise<ObjectFacts | undefined> {
    return this.#held(options, () => super.describe(key, options));
  }

  override async *list(prefix: string, options?: CallOptions): AsyncGenerator<BucketEntry> {
    if (prefix.startsWith(upkeepPrefix) && this.#isPaused && this.#options.unpaced !== undefined) {
      yield* (await this.#withoutPace(this.#options.unpaced)).list(prefix, options);
      return;
    }
    await this.#running(options);
    yield* super.list(prefix, options);
  }

  override delete(key: string, options?: CallOptions): Promise<void> {
    return this.#call(key, options, (bucket, how) => bucket.delete(key, how));
  }

  override copyFrom(source: ObjectAddress, key: string, options?: PutOptions): Promise<boolean> {
    return this.#held(options, () => super.copyFrom(source, key, options));
  }

  get #limiters() {
    const { upload, download } = this.#options.pacing;
    return [upload, download].filter((limiter) => limiter !== undefined);
  }

  get #isPaused(): boolean {
    return this.#limiters.some((limiter) => limiter.isPaused);
  }

  get #pauseCount(): number {
    return this.#limiters.reduce((sum, limiter) => sum + limiter.pauseCount, 0);
  }

  async #running(options: CallOptions | undefined): Promise<void> {
    while (this.#isPaused) {
      for (const limiter of this.#limiters) await limiter.running(options?.signal);
    }
  }

  /** Begins outside pauses; makes again what broke in one. */
  async #held<T>(options: CallOptions | undefined, work: () => Promise<T>): Promise<T> {
    for (;;) {
      await this.#running(options);
      const pausesBefore = this.#pauseCount;
      try {
        return await work();
      } catch (error) {
        const isRetryable = error instanceof GatehouseError && error.retryable;
        if (!isRetryable || this.#pauseCount === pausesBefore) throw error;
      }
    }
  }

  /** As `#held`, but for a lock: that goes on without pace as soon as there is a pause. */
  async #call<T, O extends CallOptions>(
    key: string,
    options: O | undefined,
    work: (bucket: Bucket, options: O & CallOptions) => Promise<T>,
  ): Promise<T> {
    const { unpaced } = this.#options;
    if (!key.startsWith(upkeepPrefix) || unpaced === undefined) {
      return await this.#held(options, () => work(this.inner, this.#paced(options)));
    }
    if (!this.#isPaused) {
      const outcome = await this.#untilPause(options, (how) => work(this.inner, this.#paced(how)));
      if (outcome !== 'paused') return outcome.value;
    }
    return await work(await this.#withoutPace(unpaced), { ...options } as O);
  }

  async #untilPause<T, O extends CallOptions>(
    options: O | undefined,
    work: (options: O) => Promise<T>,
  ): Promise<{ value: T } | 'paused'> {
    const pause = new AbortController();
    const onChange = () => {
      if (this.#isPaused) pause.abort();
    };
    const stops = this.#limiters.map((limiter) => limiter.onChange(onChange));
    const signal =
      options?.signal === undefined ? pause.signal : AbortSignal.any([options.signal, pause.signal]);
    try {
      return { value: await work({ ...options, signal } as O) };
    } catch (error) {
      if (!pause.signal.aborted || options?.signal?.aborted) throw error;
      return 'paused';
    } finally {
      for (const stop of stops) stop();
    }
  }

  #withoutPace(open: () => Promise<Bucket>): Promise<Bucket> {
    this.#unpaced ??= open();
    return this.#unpaced;
  }

  #paced<T extends CallOptions>(options: T | undefined): T {
    const { attempt } = options ?? {};
    const held: Attempt | undefined =
      attempt && ((request, work) => attempt(request, () => this.#held(options, work)));
    return {
      ...options,
      ...(held === undefined ? {} : { attempt: held }),
      ...(this.#options.pacesCalls === true ? { pacing: this.#options.pacing } : {}),
    } as T;
  }
}
