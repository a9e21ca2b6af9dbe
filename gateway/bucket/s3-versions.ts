/** Versions and locks of objects on an S3 server. Does not retry. */
import type { ListObjectVersionsCommandInput, ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3';
import { GatehouseError, hasCode } from '../../core/errors.js';
import type { CallOptions } from './bucket.js';
import { bucketObjectLocked } from './errors.js';
import type { S3Connection } from './s3-connection.js';
import { plainEtag } from './s3-put.js';
import type { ObjectVersion, RemoveVersionOptions, Retention, Versions } from './versions.js';

export class S3Versions implements Versions {
  readonly #connection: S3Connection;

  constructor(connection: S3Connection) {
    this.#connection = connection;
  }

  async *list(prefix: string, options: CallOptions = {}): AsyncGenerator<ObjectVersion> {
    const { sdk, client, place, top } = this.#connection;
    let more: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
    while (more !== undefined) {
      const input: ListObjectVersionsCommandInput = { Bucket: place.bucket, Prefix: top + prefix, ...more };
      const page: ListObjectVersionsCommandOutput = await this.#connection.call(options, (abortSignal) =>
        client.send(new sdk.ListObjectVersionsCommand(input), { abortSignal }),
      );
      this.#connection.markSeen();
      yield* versionsOf(page, top);
      more = nextPage(page);
    }
  }

  async areKept(options: CallOptions = {}): Promise<boolean> {
    const { sdk, client, place } = this.#connection;
    const command = new sdk.GetBucketVersioningCommand({ Bucket: place.bucket });
    const answer = await this.#connection.call(options, (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    return answer.Status === 'Enabled';
  }

  async bringBack(key: string, versionId: string, options: CallOptions = {}): Promise<void> {
    const { sdk, client } = this.#connection;
    const { Bucket, Key } = this.#connection.object(key);
    const source = `${Bucket}/${Key.split('/').map(encodeURIComponent).join('/')}`;
    const command = new sdk.CopyObjectCommand({
      Bucket,
      Key,
      CopySource: `${source}?versionId=${encodeURIComponent(versionId)}`,
      // A copy onto itself must change something; this is also how it is told from other objects.
      MetadataDirective: 'REPLACE',
      Metadata: { 'gatehouse-version': versionId },
    });
    await this.#connection.call(options, (abortSignal) => client.send(command, { abortSignal }));
  }

  async remove(key: string, versionId: string, options: RemoveVersionOptions = {}): Promise<void> {
    const { sdk, client, location } = this.#connection;
    const { mfa, bypassGovernance } = options;
    const command = new sdk.DeleteObjectCommand({
      ...this.#connection.object(key),
      VersionId: versionId,
      ...(mfa === undefined ? {} : { MFA: mfa }),
      ...(bypassGovernance === true ? { BypassGovernanceRetention: true } : {}),
    });
    try {
      await this.#connection.lookUp(options, (abortSignal) => client.send(command, { abortSignal }));
    } catch (error) {
      if (!hasCode(error, 'BUCKET_DENIED')) throw error;
      // The server says no more than "denied", whether it is the policy or a lock.
      const lock = await this.retention(key, { ...options, versionId }).catch(() => undefined);
      if (lock === undefined || lock.untilMs <= this.#connection.clock.now()) throw error;
      throw bucketObjectLocked(location, key, new Date(lock.untilMs).toISOString(), error);
    }
  }

  async retention(key: string, options: CallOptions = {}): Promise<Retention | undefined> {
    const { sdk, client } = this.#connection;
    const command = new sdk.GetObjectRetentionCommand(this.#connection.versionOf(key, options));
    try {
      const answer = await this.#connection.lookUp(options, (abortSignal) =>
        client.send(command, { abortSignal }),
      );
      const { Mode: mode, RetainUntilDate: until } = answer?.Retention ?? {};
      if (mode === undefined || until === undefined) return undefined;
      return { mode, untilMs: until.getTime() };
    } catch (error) {
      if (hasNoLock(error)) return undefined;
      throw error;
    }
  }

  async retain(key: string, { mode, untilMs }: Retention, options: CallOptions = {}): Promise<void> {
    const { sdk, client } = this.#connection;
    const command = new sdk.PutObjectRetentionCommand({
      ...this.#connection.versionOf(key, options),
      Retention: { Mode: mode, RetainUntilDate: new Date(untilMs) },
    });
    await this.#connection.call(options, (abortSignal) => client.send(command, { abortSignal }));
  }
}

/** Markers and objects come in two lists; within a key the newest has to be first. */
function versionsOf(page: ListObjectVersionsCommandOutput, top: string): ObjectVersion[] {
  const found: ObjectVersion[] = [];
  for (const version of page.Versions ?? []) {
    const { Key, VersionId, IsLatest, LastModified, Size = 0, ETag = '', StorageClass } = version;
    if (Key === undefined) continue;
    found.push({
      key: Key.slice(top.length),
      versionId: VersionId ?? 'null',
      isLatest: IsLatest === true,
      isDeleteMarker: false,
      modifiedMs: LastModified?.getTime() ?? 0,
      sizeBytes: Size,
      etag: plainEtag(ETag),
      ...(StorageClass === undefined ? {} : { storageClass: StorageClass }),
    });
  }
  for (const { Key, VersionId, IsLatest, LastModified } of page.DeleteMarkers ?? []) {
    if (Key === undefined) continue;
    found.push({
      key: Key.slice(top.length),
      versionId: VersionId ?? 'null',
      isLatest: IsLatest === true,
      isDeleteMarker: true,
      modifiedMs: LastModified?.getTime() ?? 0,
      sizeBytes: 0,
      etag: '',
    });
  }
  return found.sort(byKeyNewestFirst);
}

/** In one second a deletion counts as later than what it deleted. */
function byKeyNewestFirst(a: ObjectVersion, b: ObjectVersion): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  if (a.isLatest !== b.isLatest) return a.isLatest ? -1 : 1;
  if (a.modifiedMs !== b.modifiedMs) return b.modifiedMs - a.modifiedMs;
  return Number(b.isDeleteMarker) - Number(a.isDeleteMarker);
}

function nextPage(page: ListObjectVersionsCommandOutput) {
  const { IsTruncated, NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
  if (IsTruncated !== true || KeyMarker === undefined) return undefined;
  return { KeyMarker, ...(VersionIdMarker === undefined ? {} : { VersionIdMarker }) };
}

/** Servers answer so for an object without a lock, and for a bucket that was made without locks. */
function hasNoLock(error: unknown): boolean {
  const cause = error instanceof GatehouseError ? error.cause : undefined;
  const names = ['NoSuchObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError', 'InvalidRequest'];
  return cause instanceof Error && names.includes(cause.name);
}
