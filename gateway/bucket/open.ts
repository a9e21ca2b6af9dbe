/** Opens the bucket that a location names, with pace and retries around it. */
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import { PacedAgents } from '../throttle/paced-agents.js';
import type { Wire } from '../throttle/paced-socket.js';
import { RateLimiter } from '../throttle/rate-limiter.js';
import { RateMeter } from '../throttle/rate-meter.js';
import { withEndpoint } from './b2-endpoint.js';
import type { Bucket } from './bucket.js';
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
  /** Limiters and meters that this bucket shares with others, see `Throttle`; wins over the limits below. */
  readonly wire?: Wire | undefined;
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
  const wire = options.wire ?? wireFrom(options);
  const bucket = await (wire === undefined ? openPlace(place, options) : openThrottled(place, options, wire));
  return new RetryingBucket(bucket, { ...retry, clock, ...(log === undefined ? {} : { log }) });
}

async function openThrottled(place: Location, options: OpenBucketOptions, wire: Wire): Promise<Bucket> {
  const pacing = { upload: wire.upload, download: wire.download };
  const unpaced = () => openPlace(place, options);
  if (place.kind !== 's3') {
    return new ThrottledBucket(await openPlace(place, options), { pacing, pacesCalls: true, unpaced });
  }
  const agents = new PacedAgents(wire.line ?? wire);
  try {
    const bucket = await S3Bucket.open(await withEndpoint(place, options), { ...options, agents });
    return new ThrottledBucket(bucket, { pacing, unpaced, onClose: () => agents.close() });
  } catch (error) {
    agents.close();
    throw error;
  }
}

async function openPlace(place: Location, options: OpenBucketOptions): Promise<Bucket> {
  if (place.kind === 's3') return await S3Bucket.open(await withEndpoint(place, options), options);
  return new DirectoryBucket(place.path, { clock: options.clock, tidy: options.tidy ?? false });
}

function wireFrom(options: OpenBucketOptions): Wire | undefined {
  const { clock, limitUploadBytesPerSecond: up, limitDownloadBytesPerSecond: down } = options;
  if (up === undefined && down === undefined) return undefined;
  return {
    upload: new RateLimiter(up, { clock }),
    download: new RateLimiter(down, { clock }),
    sent: new RateMeter({ clock }),
    received: new RateMeter({ clock }),
    clock,
  };
}
