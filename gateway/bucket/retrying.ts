/**
 * A bucket that repeats what failed, when the error says of itself that it is retryable. A stream
 * that breaks while it is read goes on from the byte where it broke.
 */
import { Readable } from 'node:stream';
import { GatehouseError } from '../../core/errors.js';
import type {
  Bucket,
  BucketEntry,
  CallOptions,
  GetStreamOptions,
  ObjectAddress,
  ObjectFacts,
  PutOptions,
  PutStreamOptions,
  ThawRequest,
  UnfinishedUpload,
} from './bucket.js';
import { bucketFailed } from './errors.js';
import { ForwardingBucket } from './forwarding.js';
import { type Attempts, RetryBudget, type RetryOptions } from './retry-budget.js';
import { retryingVersions, type Versions } from './versions.js';

export type { RetryOptions };

export class RetryingBucket extends ForwardingBucket {
  readonly #budget: RetryBudget;

  /** Closing it closes `inner`. */
  constructor(inner: Bucket, options: RetryOptions) {
    super(inner);
    this.#budget = new RetryBudget(options);
  }

  override get versions(): Versions | undefined {
    const { versions } = this.inner;
    if (versions === undefined) return undefined;
    return retryingVersions(versions, {
      retry: (call, options, work) => this.#retry(call, options, work),
      listAgain: (options, list, nameOf) => this.#listAgain(options, list, nameOf),
    });
  }

  override prepare(options?: CallOptions): Promise<void> {
    return this.#retry('prepare', options, () => super.prepare(options));
  }

  override put(key: string, content: Uint8Array, options?: PutOptions): Promise<void> {
    return this.#retry('put', options, () => super.put(key, content, options));
  }

  override putFile(key: string, filePath: string, sizeBytes: number, options?: PutOptions): Promise<void> {
    return this.#retry('put', options, () =>
      super.putFile(key, filePath, sizeBytes, this.#attempting(options)),
    );
  }

  /** The parts are repeated one by one; the whole cannot be, since `content` is read once. */
  override putStream(
    key: string,
    content: AsyncIterable<Uint8Array>,
    options?: PutStreamOptions,
  ): Promise<number> {
    return super.putStream(key, content, this.#attempting(options));
  }

  override get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    return this.#retry('get', options, () => super.get(key, options));
  }

  override getRange(
    key: string,
    offset: number,
    length: number,
    options?: CallOptions,
  ): Promise<Uint8Array | undefined> {
    return this.#retry('get', options, () => super.getRange(key, offset, length, options));
  }

  override async getStream(key: string, options?: GetStreamOptions): Promise<Readable | undefined> {
    let version = options?.ifVersion;
    const open = (fromByte: number) =>
      this.#retry('get', options, () =>
        super.getStream(key, {
          ...options,
          fromByte,
          ...(version === undefined ? {} : { ifVersion: version }),
          onVersion: (found) => {
            version = found;
            options?.onVersion?.(found);
          },
        }),
      );
    const first = await open(options?.fromByte ?? 0);
    if (first === undefined) return undefined;
    const attempts = this.#budget.attempts('get', options?.signal);
    const reopen = async (fromByte: number) => {
      const next = await open(fromByte);
      if (next === undefined)
        throw bucketFailed({ location: this.location }, `${key} went while it was read`);
      return next;
    };
    return resuming(first, options?.fromByte ?? 0, attempts, reopen);
  }

  override stat(key: string, options?: CallOptions): Promise<number | undefined> {
    return this.#retry('stat', options, () => super.stat(key, options));
  }

  override describe(key: string, options?: CallOptions): Promise<ObjectFacts | undefined> {
    return this.#retry('stat', options, () => super.describe(key, options));
  }

  override delete(key: string, options?: CallOptions): Promise<void> {
    return this.#retry('delete', options, () => super.delete(key, options));
  }

  override copyFrom(source: ObjectAddress, key: string, options?: PutOptions): Promise<boolean> {
    return this.#retry('copy', options, () => super.copyFrom(source, key, options));
  }

  override list(prefix: string, options?: CallOptions): AsyncIterable<BucketEntry> {
    return this.#listAgain(
      options,
      () => super.list(prefix, options),
      ({ key }) => key,
    );
  }

  override listUnfinished(prefix: string, options?: CallOptions): AsyncIterable<UnfinishedUpload> {
    return this.#listAgain(
      options,
      () => super.listUnfinished(prefix, options),
      ({ key, id }) => `${id} ${key}`,
    );
  }

  override dropUnfinished(upload: UnfinishedUpload, options?: CallOptions): Promise<void> {
    return this.#retry('delete', options, () => super.dropUnfinished(upload, options));
  }

  override requestThaw(key: string, request: ThawRequest, options?: CallOptions): Promise<void> {
    return this.#retry('thaw', options, () => super.requestThaw(key, request, options));
  }

  /** A listing that breaks begins anew; what was handed out already is passed over. */
  async *#listAgain<T>(
    options: CallOptions | undefined,
    list: () => AsyncIterable<T>,
    nameOf: (entry: T) => string,
  ): AsyncGenerator<T> {
    const given = new Set<string>();
    const attempts = this.#budget.attempts('list', options?.signal);
    for (;;) {
      try {
        for await (const entry of list()) {
          const name = nameOf(entry);
          if (given.has(name)) continue;
          given.add(name);
          attempts.progress();
          yield entry;
        }
        this.#budget.answered();
        return;
      } catch (error) {
        await attempts.orThrow(error);
      }
    }
  }

  #attempting<T extends CallOptions>(options: T | undefined): T & CallOptions {
    const attempt: CallOptions['attempt'] = (request, work) => this.#retry(request, options, work);
    return { ...options, attempt } as T & CallOptions;
  }

  #retry<T>(call: string, options: CallOptions | undefined, work: () => Promise<T>): Promise<T> {
    return this.#budget.retry(call, options?.signal, work);
  }
}

function resuming(
  first: Readable,
  fromByte: number,
  attempts: Attempts,
  reopen: (fromByte: number) => Promise<Readable>,
): Readable {
  let current = first;
  let at = fromByte;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      try {
        for await (const chunk of current as AsyncIterable<Uint8Array>) {
          at += chunk.length;
          attempts.progress();
          yield chunk;
        }
        return;
      } catch (error) {
        if (!(error instanceof GatehouseError)) throw error;
        await attempts.orThrow(error);
        current = await reopen(at);
      }
    }
  }
  const options = { objectMode: false, highWaterMark: first.readableHighWaterMark };
  return Readable.from(chunks(), options).once('close', () => current.destroy());
}
