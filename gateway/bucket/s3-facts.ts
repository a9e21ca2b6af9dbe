/** What the head of an S3 object says of it: its MD5 where it has one, its state in the archive. */
import type { GetObjectCommandOutput, HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { ArchiveState } from './bucket.js';
import { plainEtag } from './s3-put.js';

/** The MD5 of the whole object, unless it was made of parts or encrypted with a key of AWS or the user. */
export function md5Of(answer: GetObjectCommandOutput | HeadObjectCommandOutput): string | undefined {
  const etag = plainEtag(answer.ETag ?? '');
  const isMd5 = /^[0-9a-f]{32}$/.test(etag);
  const isEncrypted =
    answer.SSECustomerAlgorithm !== undefined || answer.ServerSideEncryption?.startsWith('aws:') === true;
  return isMd5 && !isEncrypted ? etag : undefined;
}

/** `undefined` for an object whose class is read at once. */
export function archiveState(head: HeadObjectCommandOutput): ArchiveState | undefined {
  if (head.StorageClass !== 'GLACIER' && head.StorageClass !== 'DEEP_ARCHIVE') return undefined;
  if (head.Restore === undefined) return { state: 'frozen' };
  if (head.Restore.includes('ongoing-request="true"')) return { state: 'thawing' };
  const until = Date.parse(/expiry-date="([^"]+)"/.exec(head.Restore)?.[1] ?? '');
  return { state: 'thawed', untilMs: Number.isNaN(until) ? undefined : until };
}
