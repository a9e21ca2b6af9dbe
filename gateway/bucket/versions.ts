/**
 * The past of a bucket: versions of objects that were overwritten or deleted, and locks that keep
 * them. A store without a past has none of this.
 */
import type { CallOptions } from './bucket.js';

/** COMPLIANCE: nobody can delete before; GOVERNANCE: who has `s3:BypassGovernanceRetention` can. */
export type LockMode = 'GOVERNANCE' | 'COMPLIANCE';

export interface Retention {
  readonly mode: LockMode;
  /** Milliseconds since 1970. */
  readonly untilMs: number;
}

export interface ObjectVersion {
  readonly key: string;
  /** `null` for what was written while the bucket kept no versions. */
  readonly versionId: string;
  readonly isLatest: boolean;
  /** Says that the object was deleted then; has no bytes. */
  readonly isDeleteMarker: boolean;
  /** Milliseconds since 1970, by the server's clock; some servers round to seconds. */
  readonly modifiedMs: number;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly storageClass?: string;
}

export interface RemoveVersionOptions extends CallOptions {
  /** Serial and token, `arn:aws:iam::1:mfa/me 123456`, for buckets with MFA Delete. */
  readonly mfa?: string;
  /** Removes also what a GOVERNANCE lock holds. */
  readonly bypassGovernance?: boolean;
}

/** Every method: the errors of `Bucket`, BUCKET_DENIED where the keys may not see or change the past. */
export interface Versions {
  /** All versions of all keys that begin with `prefix`, by key, the newest first. */
  list(prefix: string, options?: CallOptions): AsyncIterable<ObjectVersion>;
  /** Whether the bucket keeps what is overwritten from now on. */
  areKept(options?: CallOptions): Promise<boolean>;
  /** Copies that version on top, on the server: it is the newest then. Objects up to 5 GiB. */
  bringBack(key: string, versionId: string, options?: CallOptions): Promise<void>;
  /** Removes a version, or a delete marker, for good. @throws BUCKET_OBJECT_LOCKED. */
  remove(key: string, versionId: string, options?: RemoveVersionOptions): Promise<void>;
  /** Until when the object cannot be deleted; undefined when it can. `options.versionId` names an older one. */
  retention(key: string, options?: CallOptions): Promise<Retention | undefined>;
  /** Locks it until then; a lock in COMPLIANCE mode can only grow. */
  retain(key: string, retention: Retention, options?: CallOptions): Promise<void>;
}

interface Retries {
  retry<T>(call: string, options: CallOptions | undefined, work: () => Promise<T>): Promise<T>;
  listAgain<T>(
    options: CallOptions | undefined,
    list: () => AsyncIterable<T>,
    nameOf: (entry: T) => string,
  ): AsyncIterable<T>;
}

/** The same, with calls repeated as the retrying wrapper repeats all others. */
export function retryingVersions(inner: Versions, { retry, listAgain }: Retries): Versions {
  return {
    list: (prefix, options) =>
      listAgain(
        options,
        () => inner.list(prefix, options),
        ({ key, versionId }) => `${versionId} ${key}`,
      ),
    areKept: (options) => retry('versioning', options, () => inner.areKept(options)),
    bringBack: (key, versionId, options) =>
      retry('copy', options, () => inner.bringBack(key, versionId, options)),
    remove: (key, versionId, options) =>
      retry('delete', options, () => inner.remove(key, versionId, options)),
    retention: (key, options) => retry('retention', options, () => inner.retention(key, options)),
    retain: (key, retention, options) =>
      retry('retain', options, () => inner.retain(key, retention, options)),
  };
}
