/**
 * Makes archived objects readable before they are needed: works out which, what that costs and how
 * long it takes, asks, requests copies and waits for them. The state is the bucket's own: a run that
 * was ended goes on where it stopped, and nothing is asked for or paid twice.
 */
import { type Clock, sleep } from '../../core/clock.js';
import { countOf } from '../../core/count.js';
import { GatehouseError } from '../../core/errors.js';
import { type ArchivePrices, awsPrices } from './archive-prices.js';
import type { Bucket, CallOptions, ObjectFacts, ThawRequest } from './bucket.js';
import { isArchiveClass } from './storage-class.js';

const callsAtOnce = 16;
/** So many objects are asked about one by one: faster than to list a repository that may be large. */
const describedAtMost = 64;
const defaultPollMs = 5 * 60_000;
const gib = 1024 ** 3;
const monthDays = 30;
const dayMs = 86_400_000;

export interface ThawPlan {
  readonly request: ThawRequest;
  /** To be asked for. */
  readonly frozen: readonly ObjectFacts[];
  /** Asked for already, or readable for less than a day more; to be waited for. */
  readonly thawing: readonly ObjectFacts[];
  readonly frozenBytes: number;
  /** An estimate, in `prices.currency`. */
  readonly cost: number;
  /** The longest that it typically takes. */
  readonly hours: number;
  readonly prices: ArchivePrices;
}

export interface ThawProgress {
  readonly ready: number;
  readonly total: number;
}

export interface ThawOptions extends CallOptions {
  readonly request: ThawRequest;
  readonly clock: Clock;
  /** Shows the plan; false leaves everything as it is. Not asked when nothing needs to be paid. */
  readonly agree: (plan: ThawPlan) => Promise<boolean> | boolean;
  readonly prices?: ArchivePrices;
  readonly onProgress?: (progress: ThawProgress) => void;
  /** 5 min unless told. */
  readonly pollMs?: number;
}

/**
 * Resolves when every object can be read; at once when none is archived.
 * @throws THAW_REFUSED, THAW_TIER_UNKNOWN when a class does not offer the tier, and the bucket's.
 */
export async function thaw(bucket: Bucket, keys: Iterable<string>, options: ThawOptions): Promise<void> {
  const plan = await planThaw(bucket, keys, options);
  if (plan.frozen.length > 0) {
    if (!(await options.agree(plan))) throw thawRefused(plan.frozen.length);
    await forEach(plan.frozen, ({ key }) => bucket.requestThaw(key, options.request, options));
  }
  await waitFor(bucket, [...plan.frozen, ...plan.thawing], options);
}

/** Changes nothing. Objects that are absent are passed over: whoever reads them says so. */
export async function planThaw(
  bucket: Bucket,
  keys: Iterable<string>,
  options: CallOptions & {
    readonly request: ThawRequest;
    readonly clock: Clock;
    readonly prices?: ArchivePrices;
  },
): Promise<ThawPlan> {
  const { request, prices = awsPrices } = options;
  const frozen: ObjectFacts[] = [];
  const thawing: ObjectFacts[] = [];
  const asked = bucket.hasArchive ? new Set(keys) : new Set<string>();
  const suspects = asked.size > describedAtMost ? await archivedAmong(bucket, asked, options) : [...asked];
  await forEach(suspects, async (key) => {
    const facts = await bucket.describe(key, options);
    const archive = facts?.archive;
    if (facts === undefined || archive === undefined) return;
    const isLate = archive.state === 'thawed' && (archive.untilMs ?? Infinity) - options.clock.now() < dayMs;
    // Asking again for a copy that ends soon makes it stay for the days asked.
    if (archive.state === 'frozen' || isLate) frozen.push(facts);
    else if (archive.state === 'thawing') thawing.push(facts);
  });
  return { request, frozen, thawing, prices, ...estimate(frozen, request, prices) };
}

/** A listing tells the classes of a thousand objects in one request; only the archived are asked about. */
async function archivedAmong(
  bucket: Bucket,
  wanted: ReadonlySet<string>,
  options: CallOptions,
): Promise<string[]> {
  const found: string[] = [];
  let seen = 0;
  for await (const { key, storageClass } of bucket.list(commonPrefix(wanted), options)) {
    if (!wanted.has(key)) continue;
    if (isArchiveClass(storageClass)) found.push(key);
    // What follows is of no concern: often the listing ends pages before its end.
    if (++seen === wanted.size) break;
  }
  return found;
}

function commonPrefix(keys: ReadonlySet<string>): string {
  let [prefix = ''] = keys;
  for (const key of keys) while (!key.startsWith(prefix)) prefix = prefix.slice(0, -1);
  return prefix;
}

function estimate(frozen: readonly ObjectFacts[], request: ThawRequest, prices: ArchivePrices) {
  let cost = 0;
  let hours = 0;
  let frozenBytes = 0;
  for (const { sizeBytes, storageClass } of frozen) {
    const price = isArchiveClass(storageClass) ? prices.classes[storageClass][request.tier] : undefined;
    if (price === undefined) throw tierUnknown(request.tier, storageClass ?? '');
    const copy = (prices.copyPerGibMonth * request.days) / monthDays;
    cost += (sizeBytes / gib) * (price.perGib + copy) + price.perThousandRequests / 1000;
    hours = Math.max(hours, price.hours);
    frozenBytes += sizeBytes;
  }
  return { cost, hours, frozenBytes };
}

async function waitFor(bucket: Bucket, objects: readonly ObjectFacts[], options: ThawOptions): Promise<void> {
  let waiting = objects.map(({ key }) => key);
  for (;;) {
    const still: string[] = [];
    await forEach(waiting, async (key) => {
      const facts = await bucket.describe(key, options);
      const state = facts?.archive?.state;
      if (state === 'thawing' || state === 'frozen') still.push(key);
    });
    waiting = still;
    if (objects.length > 0)
      options.onProgress?.({ ready: objects.length - waiting.length, total: objects.length });
    if (waiting.length === 0) return;
    await sleep(options.clock, options.pollMs ?? defaultPollMs, options.signal);
  }
}

/** The first failure is thrown once those under way have ended. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  const outcomes = await Promise.allSettled(Array.from({ length: callsAtOnce }, worker));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Somebody said no to what fetching from the archive costs. The user runs it again with a yes. */
function thawRefused(count: number): GatehouseError {
  return new GatehouseError(
    'THAW_REFUSED',
    `${countOf(count, 'object is', 'objects are')} archived: not fetched.`,
    {
      context: { count },
      hint: 'Run it again with --yes, or with another --restore-tier.',
    },
  );
}

/** The class does not offer that speed. The user names another one. */
function tierUnknown(tier: string, storageClass: string): GatehouseError {
  return new GatehouseError('THAW_TIER_UNKNOWN', `${storageClass} has no "${tier}" retrieval.`, {
    context: { tier, storageClass },
    hint: 'Give --restore-tier Bulk or Standard; only GLACIER has Expedited.',
  });
}
