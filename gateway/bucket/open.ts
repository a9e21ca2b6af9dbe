/** Opens the bucket that a location names, with pace and retries around it. */
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import { RateLimiter } from '../throttle/rate-limiter.js';
import { withEndpoint } from './b2-endpoint.js';
import type { Bucket, Pacing } from './bucket.js';
import { DirectoryBucket } from './directory.js';
import { type Location, parseLocation } from './location.js';
import { RetryingBucket, type RetryOptions } from './retrying.js';
import { S3Bucket } from './s3.js';
import type { S3BucketOptions } from './s3-connection.js';
import { ThrottledBucket } from './throttled.js';

/** What concerns S3 does nothing for a folder. An `endpoint` wins over the location's own. */
export interface OpenBucketOptions extends S3BucketOptions {
  readonly clock: Clock;
  readonly log?: Logger;
  readonly limitUploadBytesPerSecond?: number | undefined;
  readonly limitDownloadBytesPerSecond?: number | undefined;
  readonly retry?: Omit<RetryOptions, 'clock' | 'log'>;
  /** A folder only: see `DirectoryBucketOptions`. */
  readonly tidy?: boolean;
}

/**
 * Contacts nobody yet (but Backblaze, for the endpoint of a `b2://` without region); `prepare()` or
 * the first call does. @throws LOCATION_MALFORMED, BUCKET_FAILED when a credential file cannot be read.
 */
export async function openBucket(location: string | Location, options: OpenBucketOptions): Promise<Bucket> {
  const { clock, log, retry } = options;
  const place = typeof location === 'string' ? parseLocation(location) : location;
  const bucket =
    place.kind === 's3'
      ? await S3Bucket.open(await withEndpoint(place, options), options)
      : new DirectoryBucket(place.path, { clock, tidy: options.tidy ?? false });
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
