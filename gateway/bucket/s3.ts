/**
 * A bucket on any S3 server, through the AWS SDK. One request per object; Content-MD5 guards every
 * upload, since not all servers know AWS's newer checksum headers. Does not retry: see retrying.ts.
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { BucketLocationConstraint, GetObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { GatehouseError, interrupted } from '../../core/errors.js';
import { pacedStream } from '../throttle/paced-stream.js';
import type { Bucket, BucketEntry, CallOptions } from './bucket.js';
import { bucketClosed, bucketFailed, bucketShortRead, bucketUnknown } from './errors.js';
import { collect, fileBody, fileMd5 } from './file-body.js';
import { formatLocation, type S3Location } from './location.js';
import { createS3Client, loadS3, type S3ClientOptions, type S3Module } from './s3-client.js';
import { isAbsent, s3Fault } from './s3-errors.js';

interface Parts {
  readonly sdk: S3Module;
  readonly client: S3Client;
  readonly place: S3Location;
  readonly isAws: boolean;
}

interface Upload {
  readonly body: Uint8Array | Readable;
  readonly sizeBytes: number;
  readonly md5: string;
}

export class S3Bucket implements Bucket {
  readonly location: string;
  readonly #sdk: S3Module;
  readonly #client: S3Client;
  readonly #place: S3Location;
  readonly #isAws: boolean;
  readonly #closing = new AbortController();
  /** Set once the server has answered for the bucket itself: a 404 then means the object. */
  #seen = false;

  private constructor(parts: Parts) {
    this.location = formatLocation(parts.place);
    this.#sdk = parts.sdk;
    this.#client = parts.client;
    this.#place = parts.place;
    this.#isAws = parts.isAws;
  }

  /** Contacts nobody yet. @throws BUCKET_FAILED when a credential file cannot be read. */
  static async open(place: S3Location, options: S3ClientOptions = {}): Promise<S3Bucket> {
    try {
      const sdk = await loadS3();
      const client = await createS3Client(sdk, place, options);
      const isAws = options.endpoint === undefined && place.endpoint === undefined;
      return new S3Bucket({ sdk, client, place, isAws });
    } catch (error) {
      throw s3Fault(error, formatLocation(place));
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(bucketClosed(this.location));
    this.#client.destroy();
  }

  async prepare(options: CallOptions = {}): Promise<void> {
    try {
      await this.#probe(options);
    } catch (error) {
      if (!(error instanceof GatehouseError) || error.code !== 'BUCKET_UNKNOWN') throw error;
      await this.#create(options, error);
    }
  }

  put(key: string, content: Uint8Array, options: CallOptions = {}): Promise<void> {
    const limiter = options.pacing?.upload;
    const body = limiter === undefined ? content : pacedStream(content, { limiter });
    const md5 = createHash('md5').update(content).digest('base64');
    return this.#upload(key, { body, sizeBytes: content.length, md5 }, options);
  }

  async putFile(key: string, filePath: string, sizeBytes: number, options: CallOptions = {}): Promise<void> {
    const md5 = await this.#call(options, (signal) => fileMd5(filePath, sizeBytes, signal));
    const body = pacedStream(fileBody(filePath, sizeBytes), { limiter: options.pacing?.upload });
    await this.#upload(key, { body, sizeBytes, md5 }, options);
  }

  async get(key: string, options: CallOptions = {}): Promise<Uint8Array | undefined> {
    const body = await this.#download(this.#object(key), options);
    return body === undefined ? undefined : await collect(body);
  }

  async getRange(
    key: string,
    offset: number,
    length: number,
    options: CallOptions = {},
  ): Promise<Uint8Array | undefined> {
    if (length === 0) return (await this.stat(key, options)) === undefined ? undefined : new Uint8Array(0);
    const range = `bytes=${offset}-${offset + length - 1}`;
    const body = await this.#download({ ...this.#object(key), Range: range }, options);
    if (body === undefined) return undefined;
    const bytes = await collect(body);
    if (bytes.length !== length) throw bucketShortRead(this.location, key, length, bytes.length);
    return bytes;
  }

  getStream(key: string, options: CallOptions = {}): Promise<Readable | undefined> {
    return this.#download(this.#object(key), options);
  }

  stat(key: string, options: CallOptions = {}): Promise<number | undefined> {
    return this.#lookUp(options, async (abortSignal) => {
      const command = new this.#sdk.HeadObjectCommand(this.#object(key));
      const answer = await this.#client.send(command, { abortSignal });
      return answer.ContentLength;
    });
  }

  async *list(prefix: string, options: CallOptions = {}): AsyncGenerator<BucketEntry> {
    const top = this.#place.prefix === '' ? '' : `${this.#place.prefix}/`;
    let token: string | undefined;
    do {
      const page = await this.#listPage(top + prefix, token, options);
      for (const { Key: key, Size: sizeBytes } of page.Contents ?? []) {
        if (key !== undefined && sizeBytes !== undefined) yield { key: key.slice(top.length), sizeBytes };
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async delete(key: string, options: CallOptions = {}): Promise<void> {
    await this.#lookUp(options, async (abortSignal) => {
      await this.#client.send(new this.#sdk.DeleteObjectCommand(this.#object(key)), { abortSignal });
    });
  }

  async #upload(key: string, upload: Upload, options: CallOptions): Promise<void> {
    const { body, sizeBytes, md5 } = upload;
    const broken = new AbortController();
    // The SDK pipes a body without looking at its errors and would wait for the rest for ever.
    if (!(body instanceof Uint8Array)) body.once('error', (error) => broken.abort(error));
    try {
      await this.#call(options, async (signal) => {
        const command = new this.#sdk.PutObjectCommand({
          ...this.#object(key),
          Body: body,
          ContentLength: sizeBytes,
          ContentMD5: md5,
        });
        const abortSignal = AbortSignal.any([signal, broken.signal]);
        await this.#client.send(command, { abortSignal });
      });
    } catch (error) {
      if (broken.signal.aborted && broken.signal.reason instanceof GatehouseError) throw broken.signal.reason;
      throw error;
    } finally {
      if (!(body instanceof Uint8Array)) body.destroy();
    }
  }

  #download(input: GetObjectCommandInput, options: CallOptions): Promise<Readable | undefined> {
    return this.#lookUp(options, async (abortSignal) => {
      const answer = await this.#client.send(new this.#sdk.GetObjectCommand(input), { abortSignal });
      if (answer.Body === undefined)
        throw bucketFailed({ location: this.location }, 'an answer without a body');
      const mapError = (error: unknown) => this.#fault(error, options);
      return pacedStream(answer.Body as Readable, { limiter: options.pacing?.download, mapError });
    }).catch((error: unknown) => {
      throw isBeyondEnd(error) ? this.#shortRead(input) : error;
    });
  }

  #shortRead(input: GetObjectCommandInput): GatehouseError {
    const [, from = '0', to = '0'] = /(\d+)-(\d+)/.exec(input.Range ?? '') ?? [];
    return bucketShortRead(this.location, input.Key ?? '', Number(to) - Number(from) + 1, 0);
  }

  #listPage(prefix: string, token: string | undefined, options: CallOptions, maxKeys?: number) {
    return this.#call(options, async (abortSignal) => {
      const command = new this.#sdk.ListObjectsV2Command({
        Bucket: this.#place.bucket,
        Prefix: prefix,
        ...(token === undefined ? {} : { ContinuationToken: token }),
        ...(maxKeys === undefined ? {} : { MaxKeys: maxKeys }),
      });
      const page = await this.#client.send(command, { abortSignal });
      this.#seen = true;
      return page;
    });
  }

  /** Asks for the bucket itself; a listing, since its errors have names and those of HEAD have none. */
  async #probe(options: CallOptions): Promise<void> {
    await this.#listPage(this.#place.prefix, undefined, options, 1);
  }

  async #create(options: CallOptions, unknown: GatehouseError): Promise<void> {
    try {
      await this.#call(options, async (abortSignal) => {
        const command = new this.#sdk.CreateBucketCommand({
          Bucket: this.#place.bucket,
          ...(await this.#placement()),
        });
        await this.#client.send(command, { abortSignal });
      });
    } catch (error) {
      const reason = error instanceof GatehouseError && error.cause instanceof Error ? error.cause.name : '';
      if (reason === 'BucketAlreadyOwnedByYou') return;
      if (!(error instanceof GatehouseError) || error.code !== 'BUCKET_DENIED') throw error;
      const fault = { location: this.location, cause: unknown.cause };
      throw bucketUnknown(fault, 'Create the bucket, or permit s3:CreateBucket for these keys.');
    }
  }

  /** AWS wants the region named outside us-east-1; other servers often refuse the name. */
  async #placement() {
    const region = await this.#client.config.region();
    if (!this.#isAws || region === 'us-east-1') return {};
    const LocationConstraint = region as BucketLocationConstraint;
    return { CreateBucketConfiguration: { LocationConstraint } };
  }

  #object(key: string): { Bucket: string; Key: string } {
    const { bucket, prefix } = this.#place;
    return { Bucket: bucket, Key: prefix === '' ? key : `${prefix}/${key}` };
  }

  /** As `#call`; undefined when the object is absent and the bucket itself is there. */
  #lookUp<T>(options: CallOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    return this.#call(options, async (signal) => {
      try {
        const found = await work(signal);
        this.#seen = true;
        return found;
      } catch (error) {
        if (!isAbsent(error)) throw error;
        if (!this.#seen) await this.#probe(options);
        return undefined;
      }
    });
  }

  async #call<T>(options: CallOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = options;
    const either =
      signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    try {
      either.throwIfAborted();
      return await work(either);
    } catch (error) {
      throw this.#fault(error, options);
    }
  }

  #fault(error: unknown, options: CallOptions): GatehouseError {
    if (this.#closing.signal.aborted) return bucketClosed(this.location);
    if (options.signal?.aborted) return interrupted(options.signal.reason);
    return s3Fault(error, this.location);
  }
}

function isBeyondEnd(error: unknown): boolean {
  return (
    error instanceof GatehouseError && error.cause instanceof Error && error.cause.name === 'InvalidRange'
  );
}
