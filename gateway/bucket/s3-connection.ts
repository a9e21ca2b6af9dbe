/**
 * One bucket at one S3 server: the client, how requests are made and what their failures mean.
 * Does not know what the objects are for, and does not retry.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import { type Clock, systemClock } from '../../core/clock.js';
import { GatehouseError, interrupted } from '../../core/errors.js';
import type { CallOptions, PutOptions } from './bucket.js';
import { bucketClosed } from './errors.js';
import { formatLocation, type S3Location } from './location.js';
import { type Provider, providerOf } from './providers.js';
import { createS3Client, loadS3, type S3ClientOptions, type S3Module } from './s3-client.js';
import { isAbsent, s3Fault } from './s3-errors.js';
import type { LockMode } from './versions.js';

/** Storage classes by what an object is for; the bucket's default where none is given. */
export type StorageClasses = Partial<Record<'hot' | 'cold', string>>;

export interface S3BucketOptions extends S3ClientOptions {
  readonly clock?: Clock;
  readonly storageClasses?: StorageClasses | undefined;
  /** Of a bucket that does not exist yet: objects in it can be locked. It keeps versions then. */
  readonly createsWithObjectLock?: boolean;
  /** Objects above this size are sent in parts; 32 MiB unless told. */
  readonly partsAboveBytes?: number;
  /** 16 MiB unless told; the server wants 5 MiB or more. */
  readonly partBytes?: number;
}

interface ObjectSettings {
  readonly StorageClass?: 'STANDARD';
  readonly ObjectLockMode?: LockMode;
  readonly ObjectLockRetainUntilDate?: Date;
}

interface Parts {
  readonly sdk: S3Module;
  readonly client: S3Client;
  readonly place: S3Location;
  readonly server: string;
  readonly provider: Provider;
  readonly options: S3BucketOptions;
}

export class S3Connection {
  readonly location: string;
  readonly sdk: S3Module;
  readonly client: S3Client;
  readonly place: S3Location;
  readonly provider: Provider;
  /** Origin; `aws` for AWS itself. */
  readonly server: string;
  readonly clock: Clock;
  readonly options: S3BucketOptions;
  readonly #closing = new AbortController();
  /** Set once the server has answered for the bucket itself: a 404 then means the object. */
  #seen = false;

  private constructor(parts: Parts) {
    this.location = formatLocation(parts.place);
    this.sdk = parts.sdk;
    this.client = parts.client;
    this.place = parts.place;
    this.server = parts.server;
    this.provider = parts.provider;
    this.options = parts.options;
    this.clock = parts.options.clock ?? systemClock;
  }

  /** Contacts nobody yet. @throws BUCKET_FAILED when a credential file cannot be read. */
  static async open(place: S3Location, options: S3BucketOptions): Promise<S3Connection> {
    try {
      const endpoint = options.endpoint ?? place.endpoint;
      const sdk = await loadS3();
      const client = await createS3Client(sdk, place, options);
      const provider = providerOf(endpoint);
      return new S3Connection({ sdk, client, place, server: endpoint ?? 'aws', provider, options });
    } catch (error) {
      throw s3Fault(error, formatLocation(place));
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(bucketClosed(this.location));
    this.client.destroy();
  }

  object(key: string): { Bucket: string; Key: string } {
    const { bucket, prefix } = this.place;
    return { Bucket: bucket, Key: prefix === '' ? key : `${prefix}/${key}` };
  }

  /** As `object`, for calls that may look at an older version. */
  versionOf(key: string, { versionId }: CallOptions): { Bucket: string; Key: string; VersionId?: string } {
    return { ...this.object(key), ...(versionId === undefined ? {} : { VersionId: versionId }) };
  }

  /** What the bucket puts before every key. */
  get top(): string {
    return this.place.prefix === '' ? '' : `${this.place.prefix}/`;
  }

  /** The part of a request that says how dear the object is, and how long it cannot be deleted. */
  settingsFor(options: PutOptions): ObjectSettings {
    const name = this.options.storageClasses?.[options.kind ?? 'hot'];
    const { retention } = options;
    return {
      // The SDK's type lists the classes of AWS; other servers have their own.
      ...(name === undefined ? {} : { StorageClass: name as 'STANDARD' }),
      ...(retention === undefined
        ? {}
        : { ObjectLockMode: retention.mode, ObjectLockRetainUntilDate: new Date(retention.untilMs) }),
    };
  }

  markSeen(): void {
    this.#seen = true;
  }

  /** As `call`; undefined when the object is absent and the bucket itself is there. */
  lookUp<T>(options: CallOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    return this.call(options, async (signal) => {
      try {
        const found = await work(signal);
        this.#seen = true;
        return found;
      } catch (error) {
        if (!isAbsent(error)) throw error;
        if (!this.#seen) await this.#probe(signal);
        return undefined;
      }
    });
  }

  async call<T>(options: CallOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = options;
    const { signal: closing } = this.#closing;
    // One of its own for each call: the SDK listens on it, and many calls run at once.
    const either = AbortSignal.any(signal === undefined ? [closing] : [signal, closing]);
    try {
      either.throwIfAborted();
      return await work(either);
    } catch (error) {
      throw this.fault(error, options);
    }
  }

  fault(error: unknown, options: CallOptions): GatehouseError {
    if (this.#closing.signal.aborted) return bucketClosed(this.location);
    if (options.signal?.aborted) return interrupted(options.signal.reason);
    return error instanceof GatehouseError ? error : s3Fault(error, this.location, this.clock.now());
  }

  /** Asks for the bucket itself; a listing, since its errors have names and those of HEAD have none. */
  async #probe(abortSignal: AbortSignal): Promise<void> {
    const { bucket: Bucket, prefix: Prefix } = this.place;
    const input = { Bucket, Prefix, MaxKeys: 1 };
    const { ListObjectsCommand, ListObjectsV2Command } = this.sdk;
    if (this.provider.listVersion === 1)
      await this.client.send(new ListObjectsCommand(input), { abortSignal });
    else await this.client.send(new ListObjectsV2Command(input), { abortSignal });
    this.#seen = true;
  }

  /** @throws BUCKET_UNKNOWN when the server has no such bucket. */
  probe(options: CallOptions): Promise<void> {
    return this.call(options, (signal) => this.#probe(signal));
  }
}
