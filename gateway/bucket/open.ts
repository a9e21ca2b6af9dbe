/** Opens the bucket that a location names, with pace and retries around it. */
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import { RateLimiter } from '../throttle/rate-limiter.js';
import type { Bucket, Pacing } from './bucket.js';
import { DirectoryBucket } from './directory.js';
import { type Location, parseLocation } from './location.js';
import { RetryingBucket, type RetryOptions } from './retrying.js';
import { S3Bucket } from './s3.js';
import type { CredentialFiles } from './s3-client.js';
import { ThrottledBucket } from './throttled.js';

export interface OpenBucketOptions {
  readonly clock: Clock;
  readonly log?: Logger;
  /** S3 only: origin of the server, `https://host:port`; wins over the location's own. */
  readonly endpoint?: string | undefined;
  /** S3 only. */
  readonly region?: string | undefined;
  /** S3 only: see `S3ClientOptions`. */
  readonly pathStyle?: boolean | undefined;
  readonly credentialFiles?: CredentialFiles | undefined;
  readonly limitUploadBytesPerSecond?: number | undefined;
  readonly limitDownloadBytesPerSecond?: number | undefined;
  readonly retry?: Omit<RetryOptions, 'clock' | 'log'>;
}

/**
 * Contacts nobody yet; `prepare()` or the first call does.
 * @throws LOCATION_MALFORMED, BUCKET_FAILED when a credential file cannot be read.
 */
export async function openBucket(location: string | Location, options: OpenBucketOptions): Promise<Bucket> {
  const { clock, log, retry } = options;
  const place = typeof location === 'string' ? parseLocation(location) : location;
  const bucket =
    place.kind === 's3' ? await S3Bucket.open(place, options) : new DirectoryBucket(place.path, { clock });
  const throttled = new ThrottledBucket(bucket, pacingFrom(options));
  return new RetryingBucket(throttled, { ...retry, clock, ...(log === undefined ? {} : { log }) });
}

function pacingFrom(options: OpenBucketOptions): Pacing {
  const { clock, limitUploadBytesPerSecond: up, limitDownloadBytesPerSecond: down } = options;
  return {
    ...(up === undefined ? {} : { upload: new RateLimiter(up, { clock }) }),
    ...(down === undefined ? {} : { download: new RateLimiter(down, { clock }) }),
  };
}
