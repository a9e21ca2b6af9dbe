/**
 * A bucket on any S3 server, through the AWS SDK. What is read whole is compared with the server's
 * MD5; Content-MD5 guards every upload, since not all servers know AWS's newer checksum headers.
 * Does not retry: see retrying.ts.
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type {
  BucketLocationConstraint,
  CopyObjectCommandInput,
  GetObjectCommandInput,
  HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { GatehouseError, hasCode } from '../../core/errors.js';
import { pacedStream } from '../throttle/paced-stream.js';
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
import { bucketFailed, bucketShortRead, bucketUnknown, damagedOnTheWay } from './errors.js';
import { collect } from './file-body.js';
import type { S3Location } from './location.js';
import { type S3BucketOptions, S3Connection } from './s3-connection.js';
import { archiveState, md5Of } from './s3-facts.js';
import { listObjects, listUploadsWithActivity } from './s3-list.js';
import { payloadOf, S3Uploads } from './s3-put.js';
import { S3Versions } from './s3-versions.js';
import { stallGuard } from './stall-guard.js';

export class S3Bucket implements Bucket {
  readonly location: string;
  readonly versions: S3Versions;
  readonly #connection: S3Connection;
  readonly #uploads: S3Uploads;
  /** Objects whose bytes came twice with one MD5 that is not the server's: its ETags are no MD5s. */
  readonly #otherEtags = new Map<string, string>();

  private constructor(connection: S3Connection) {
    this.location = connection.location;
    this.#connection = connection;
    this.#uploads = new S3Uploads(connection);
    this.versions = new S3Versions(connection);
  }

  /** Contacts nobody yet. @throws BUCKET_FAILED when a credential file cannot be read. */
  static async open(place: S3Location, options: S3BucketOptions = {}): Promise<S3Bucket> {
    return new S3Bucket(await S3Connection.open(place, options));
  }

  get hasArchive(): boolean {
    return this.#connection.provider.hasArchive;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async prepare(options: CallOptions = {}): Promise<void> {
    try {
      await this.#connection.probe(options);
    } catch (error) {
      if (!hasCode(error, 'BUCKET_UNKNOWN')) throw error;
      await this.#create(options, error);
    }
  }

  put(key: string, content: Uint8Array, options: PutOptions = {}): Promise<void> {
    return this.#uploads.putWhole(key, payloadOf(content), options);
  }

  putFile(key: string, filePath: string, sizeBytes: number, options: PutOptions = {}): Promise<void> {
    return this.#uploads.putFile(key, filePath, sizeBytes, options);
  }

  putStream(
    key: string,
    content: AsyncIterable<Uint8Array>,
    options: PutStreamOptions = {},
  ): Promise<number> {
    return this.#uploads.putStream(key, content, options);
  }

  async get(key: string, options: CallOptions = {}): Promise<Uint8Array | undefined> {
    const answer = await this.#download(this.#connection.versionOf(key, options), options);
    if (answer === undefined) return undefined;
    const bytes = await collect(answer.body);
    const wanted = md5Of(answer.output);
    if (wanted !== undefined) this.#compare(key, bytes, wanted);
    return bytes;
  }

  async getRange(
    key: string,
    offset: number,
    length: number,
    options: CallOptions = {},
  ): Promise<Uint8Array | undefined> {
    if (length === 0) return (await this.stat(key, options)) === undefined ? undefined : new Uint8Array(0);
    const range = `bytes=${offset}-${offset + length - 1}`;
    try {
      const answer = await this.#download(
        { ...this.#connection.versionOf(key, options), Range: range },
        options,
      );
      if (answer === undefined) return undefined;
      const bytes = await collect(answer.body);
      if (bytes.length !== length) throw bucketShortRead(this.location, key, length, bytes.length);
      return bytes;
    } catch (error) {
      throw isBeyondEnd(error) ? bucketShortRead(this.location, key, length, 0) : error;
    }
  }

  async getStream(key: string, options: GetStreamOptions = {}): Promise<Readable | undefined> {
    const { fromByte = 0, ifVersion, onVersion } = options;
    const input = {
      ...this.#connection.versionOf(key, options),
      ...(fromByte > 0 ? { Range: `bytes=${fromByte}-` } : {}),
      ...(ifVersion === undefined ? {} : { IfMatch: ifVersion }),
    };
    try {
      const answer = await this.#download(input, options);
      if (answer?.output.ETag !== undefined) onVersion?.(answer.output.ETag);
      return answer?.body;
    } catch (error) {
      if (isBeyondEnd(error)) return pacedStream(new Uint8Array(0), {});
      throw error;
    }
  }

  async stat(key: string, options: CallOptions = {}): Promise<number | undefined> {
    return (await this.#head(key, options))?.ContentLength;
  }

  async describe(key: string, options: CallOptions = {}): Promise<ObjectFacts | undefined> {
    const head = await this.#head(key, options);
    if (head?.ContentLength === undefined) return undefined;
    const { LastModified: modified, StorageClass: storageClass, ChecksumSHA256: sha256 } = head;
    const md5 = md5Of(head);
    const archive = archiveState(head);
    return {
      key,
      sizeBytes: head.ContentLength,
      ...(modified === undefined ? {} : { modifiedMs: modified.getTime() }),
      ...(storageClass === undefined ? {} : { storageClass }),
      ...(md5 === undefined ? {} : { md5 }),
      // A checksum with a count behind it is one of checksums, not of the object.
      ...(sha256 === undefined || sha256.includes('-')
        ? {}
        : { sha256: Buffer.from(sha256, 'base64').toString('hex') }),
      ...(archive === undefined ? {} : { archive }),
    };
  }

  list(prefix: string, options: CallOptions = {}): AsyncIterable<BucketEntry> {
    return listObjects(this.#connection, prefix, options);
  }

  async delete(key: string, options: CallOptions = {}): Promise<void> {
    const { sdk, client } = this.#connection;
    await this.#connection.lookUp(options, async (abortSignal) => {
      await client.send(new sdk.DeleteObjectCommand(this.#connection.object(key)), { abortSignal });
    });
  }

  address(key: string): ObjectAddress {
    const { Bucket: bucket, Key } = this.#connection.object(key);
    return { server: this.#connection.server, bucket, key: Key };
  }

  /** In one request, which servers do up to 5 GiB; larger ones are carried. */
  async copyFrom(source: ObjectAddress, key: string, options: PutOptions = {}): Promise<boolean> {
    if (source.server !== this.#connection.server) return false;
    const { sdk, client } = this.#connection;
    const input: CopyObjectCommandInput = {
      ...this.#connection.object(key),
      ...this.#connection.settingsFor(options),
      CopySource: `${source.bucket}/${source.key.split('/').map(encodeURIComponent).join('/')}`,
    };
    return await this.#connection.call(options, async (abortSignal) => {
      await client.send(new sdk.CopyObjectCommand(input), { abortSignal });
      return true;
    });
  }

  listUnfinished(prefix: string, options: CallOptions = {}): AsyncIterable<UnfinishedUpload> {
    return listUploadsWithActivity(this.#connection, prefix, options);
  }

  async dropUnfinished(upload: UnfinishedUpload, options: CallOptions = {}): Promise<void> {
    const { sdk, client } = this.#connection;
    const input = { ...this.#connection.object(upload.key), UploadId: upload.id };
    await this.#connection.call(options, async (abortSignal) => {
      await client
        .send(new sdk.AbortMultipartUploadCommand(input), { abortSignal })
        .catch((error: unknown) => {
          if (!(error instanceof Error) || error.name !== 'NoSuchUpload') throw error;
        });
    });
  }

  async requestThaw(key: string, request: ThawRequest, options: CallOptions = {}): Promise<void> {
    const { sdk, client } = this.#connection;
    const command = new sdk.RestoreObjectCommand({
      ...this.#connection.object(key),
      RestoreRequest: { Days: request.days, GlacierJobParameters: { Tier: request.tier } },
    });
    await this.#connection.call(options, async (abortSignal) => {
      await client.send(command, { abortSignal }).catch((error: unknown) => {
        const known = ['RestoreAlreadyInProgress', 'ObjectAlreadyInActiveTierError'];
        if (!(error instanceof Error) || !known.includes(error.name)) throw error;
      });
    });
  }

  #head(key: string, options: CallOptions): Promise<HeadObjectCommandOutput | undefined> {
    const { sdk, client, provider } = this.#connection;
    const checksums = provider.asksChecksums ? { ChecksumMode: 'ENABLED' as const } : {};
    const command = new sdk.HeadObjectCommand({
      ...this.#connection.versionOf(key, options),
      ...checksums,
    });
    return this.#connection.lookUp(options, (abortSignal) => client.send(command, { abortSignal }));
  }

  #download(input: GetObjectCommandInput, options: CallOptions) {
    const {
      sdk,
      client,
      clock,
      options: { silenceLimitMs },
    } = this.#connection;
    return this.#connection.lookUp(options, async (abortSignal) => {
      const output = await client.send(new sdk.GetObjectCommand(input), { abortSignal });
      if (output.Body === undefined)
        throw bucketFailed({ location: this.location }, 'an answer without a body');
      const mapError = (error: unknown) => this.#connection.fault(error, options);
      const guarded = stallGuard(output.Body as Readable, clock, this.location, silenceLimitMs);
      return { output, body: pacedStream(guarded, { limiter: options.pacing?.download, mapError }) };
    });
  }

  /**
   * Bytes that differ from the server's MD5 are fetched again. If they come the same a second time,
   * the way is sound and the server's word is no MD5, or it was damaged there: the reader decides.
   */
  #compare(key: string, bytes: Uint8Array, wanted: string): void {
    const md5 = createHash('md5').update(bytes).digest('hex');
    const isSound = md5 === wanted || this.#otherEtags.get(key) === md5;
    this.#otherEtags.delete(key);
    if (isSound) return;
    this.#otherEtags.set(key, md5);
    throw damagedOnTheWay(this.location, key);
  }

  async #create(options: CallOptions, unknown: GatehouseError): Promise<void> {
    const { sdk, client, place } = this.#connection;
    const locks = this.#connection.options.createsWithObjectLock ? { ObjectLockEnabledForBucket: true } : {};
    try {
      await this.#connection.call(options, async (abortSignal) => {
        const where = await this.#placement();
        const command = new sdk.CreateBucketCommand({ Bucket: place.bucket, ...where, ...locks });
        await client.send(command, { abortSignal });
      });
    } catch (error) {
      const reason = error instanceof GatehouseError && error.cause instanceof Error ? error.cause.name : '';
      if (reason === 'BucketAlreadyOwnedByYou') return;
      if (!hasCode(error, 'BUCKET_DENIED')) throw error;
      const fault = { location: this.location, cause: unknown.cause };
      throw bucketUnknown(fault, 'Create the bucket, or permit s3:CreateBucket for these keys.');
    }
  }

  async #placement() {
    const region = await this.#connection.client.config.region();
    if (!this.#connection.provider.placesBuckets || region === 'us-east-1') return {};
    const LocationConstraint = region as BucketLocationConstraint;
    return { CreateBucketConfiguration: { LocationConstraint } };
  }
}

function isBeyondEnd(error: unknown): boolean {
  return (
    error instanceof GatehouseError && error.cause instanceof Error && error.cause.name === 'InvalidRange'
  );
}
