/**
 * Artifacts in buckets of S3, or of what speaks S3: where they go up and come down without the keys of
 * the bucket, by presigned URLs. Only what the configuration lists. Holds one client per region, loaded
 * when it is first used.
 */
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { Clock } from '../../core/clock.js';
import { hasCode } from '../../core/errors.js';
import type { Closeable } from '../../core/lifecycle.js';
import { withoutNodeWarning } from '../../core/sdk-warning.js';
import type { ArtifactUpload } from '../../core/wire/releases.js';
import { type S3Object, s3Uri } from '../../core/wire/s3-placeholder.js';
import { awsError } from '../aws/errors.js';
import type { ArtifactsConfig } from './artifacts-config.js';
import { bucketNotListed, objectMissing } from './errors.js';

export interface NewArtifact {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** For as long as AWS lets a presigned URL of a job live: a large artifact over a slow line. */
const uploadSeconds = 3_600;
/** The digest goes with the object, for servers that keep no checksum of their own. */
const digestHeader = 'x-amz-meta-sha256';

export class ArtifactBuckets implements Closeable {
  readonly #config: ArtifactsConfig;
  readonly #clock: Clock;
  readonly #clients = new Map<string, Promise<S3Client>>();

  constructor(config: ArtifactsConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /**
   * A URL that reads the object, without keys, for so many seconds; with keys that are lent, no longer
   * than they are. Asks nobody whether the object exists.
   * @throws BUCKET_NOT_LISTED, AWS_UNCONFIGURED, AWS_DELAYED, AWS_REFUSED
   */
  presign(object: S3Object, seconds: number): Promise<string> {
    return this.#with(object, async (client) => {
      const { GetObjectCommand } = await import('@aws-sdk/client-s3');
      const { bucket: Bucket, key: Key, versionId: VersionId } = object;
      const command = new GetObjectCommand({ Bucket, Key, ...(VersionId !== undefined && { VersionId }) });
      const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
      return getSignedUrl(client, command, { expiresIn: seconds, signingDate: this.#now() });
    });
  }

  /** Where that artifact is kept below a location such as `s3://bucket/prefix`. @throws BUCKET_NOT_LISTED */
  place(location: string, { sha256 }: Pick<NewArtifact, 'sha256'>): Promise<S3Object> {
    const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(location) ?? [];
    const object = { bucket, key: `${prefix === '' ? '' : `${prefix}/`}${sha256}.tar.gz` };
    // By name: a document may be filled in by another backend, which has another region of its own.
    return this.#with(object, async (client) => ({ ...object, region: await client.config.region() }));
  }

  /** Undefined when the artifact is there whole. @param md5 in base64; the server holds what it gets to it. */
  async upload(object: S3Object, artifact: NewArtifact, md5: string): Promise<ArtifactUpload | undefined> {
    // Whoever may not list a bucket is refused what is not there: sending it will show.
    const isThere = await this.#holds(object, artifact).catch((error: unknown) => {
      if (hasCode(error, 'AWS_REFUSED')) return false;
      throw error;
    });
    if (isThere) return undefined;
    const { sha256, sizeBytes: ContentLength } = artifact;
    return this.#with(object, async (client) => {
      const { PutObjectCommand } = await import('@aws-sdk/client-s3');
      const { bucket: Bucket, key: Key } = object;
      const Metadata = { sha256 };
      const command = new PutObjectCommand({ Bucket, Key, Metadata, ContentLength, ContentMD5: md5 });
      const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
      const url = await getSignedUrl(client, command, {
        expiresIn: uploadSeconds,
        signingDate: this.#now(),
        // As headers, where every server looks for them.
        unhoistableHeaders: new Set([digestHeader, 'content-md5']),
      });
      return { url, headers: { 'content-md5': md5, [digestHeader]: sha256 } };
    });
  }

  /** @throws ARTIFACT_MISSING unless the artifact is there whole. */
  async confirm(object: S3Object, artifact: NewArtifact): Promise<void> {
    if (!(await this.#holds(object, artifact))) throw objectMissing(`at ${s3Uri(object)}`);
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#clients.values());
    this.#clients.clear();
    for (const one of opened) if (one.status === 'fulfilled') one.value.destroy();
  }

  #holds(object: S3Object, { sha256, sizeBytes }: NewArtifact): Promise<boolean> {
    return this.#with(object, async (client) => {
      const { HeadObjectCommand, NotFound } = await import('@aws-sdk/client-s3');
      const command = new HeadObjectCommand({ Bucket: object.bucket, Key: object.key });
      const found = await client.send(command).catch((error: unknown) => {
        if (error instanceof NotFound) return undefined;
        throw error;
      });
      return found?.ContentLength === sizeBytes && found.Metadata?.['sha256'] === sha256;
    });
  }

  async #with<T>(object: S3Object, work: (client: S3Client) => Promise<T>): Promise<T> {
    if (!this.#isListed(object)) throw bucketNotListed(s3Uri(object));
    try {
      return await work(await this.#client(object.region));
    } catch (error) {
      throw awsError(`The bucket "${object.bucket}"`, error, 'artifacts');
    }
  }

  #isListed({ bucket, key }: S3Object): boolean {
    return this.#config.buckets.some((listed) => `s3://${bucket}/${key}`.startsWith(`${listed}/`));
  }

  #client(named: string | undefined): Promise<S3Client> {
    const { endpoint, region: configured, profile, pathStyle } = this.#config;
    // A server of our own has one region, whatever region of AWS a document names.
    const region = endpoint === undefined ? (named ?? configured) : (configured ?? named ?? 'us-east-1');
    const known = this.#clients.get(region ?? '');
    if (known !== undefined) return known;
    const settings: S3ClientConfig = {
      // Else a URL asks for checksums that other servers do not know.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: 5_000, socketTimeout: 10_000 },
      forcePathStyle: pathStyle ?? endpoint !== undefined,
      ...(endpoint !== undefined && { endpoint }),
      ...(region !== undefined && { region }),
      ...(profile !== undefined && { profile }),
    };
    const opening = import('@aws-sdk/client-s3').then(({ S3Client }) =>
      withoutNodeWarning(() => new S3Client(settings)),
    );
    this.#clients.set(region ?? '', opening);
    return opening;
  }

  #now(): Date {
    return new Date(this.#clock.now());
  }
}
