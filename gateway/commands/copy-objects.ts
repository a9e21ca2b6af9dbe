/**
 * Copies objects between any two stores, several at once. Inside one server the server copies; else
 * the bytes stream through, a part of each object in memory at a time. What arrives is compared with
 * the checksums that the source states before it becomes visible at the target.
 */
import { createHash } from 'node:crypto';
import { GatehouseError, hasCode } from '../../core/errors.js';
import type { CallOptions, ObjectFacts } from '../bucket/bucket.js';
import { damagedOnTheWay } from '../bucket/errors.js';
import { urlOf } from '../bucket/operand.js';
import { throwIfAborted } from './abort.js';
import type { CopyPlan, CopyStep, OpenOperand } from './copy-plan.js';
import { nothingMatches } from './object-errors.js';

/** What AWS copies in one request. */
const largestServerCopyBytes = 5 * 1024 ** 3;
const partBytes = 16 * 1024 ** 2;
const mostParts = 10_000;
const attempts = 3;

export interface CopyOptions extends CallOptions {
  /** Leave objects alone that are at the target already. */
  readonly noClobber?: boolean;
  /** 4 unless told. */
  readonly parallel?: number;
  readonly kind?: 'hot' | 'cold';
}

export interface CopyEvent {
  readonly type: 'bytes' | 'copied' | 'skipped' | 'failed';
  readonly from: string;
  readonly to: string;
  /** Bytes since the last event of type `bytes`; else the object's size. */
  readonly sizeBytes: number;
  /** How a copied object was proved. */
  readonly proof?: 'md5' | 'sha256' | 'server' | 'size';
  readonly error?: unknown;
}

export interface CopyResult {
  readonly copied: number;
  readonly skipped: number;
  readonly failed: number;
  readonly bytes: number;
}

/** One object's failure is told by an event and leaves the others going. @throws INTERRUPTED. */
export async function copyObjects(
  plan: CopyPlan,
  options: CopyOptions,
  tell: (event: CopyEvent) => void,
): Promise<CopyResult> {
  const result = { copied: 0, skipped: 0, failed: 0, bytes: 0 };
  const rest = plan.steps.values();
  const worker = async () => {
    for (const step of rest) {
      if (options.signal !== undefined) throwIfAborted(options.signal);
      const event = await copyStep(step, plan.to, options, tell);
      tell(event);
      if (event.type === 'bytes') continue;
      result[event.type] += 1;
      if (event.type === 'copied') result.bytes += step.sizeBytes;
    }
  };
  const workers = Array.from({ length: options.parallel ?? 4 }, worker);
  const outcomes = await Promise.allSettled(workers);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return result;
}

async function copyStep(
  step: CopyStep,
  to: OpenOperand,
  options: CopyOptions,
  tell: (event: CopyEvent) => void,
): Promise<CopyEvent> {
  const names = { from: urlOf(step.from.store, step.fromKey), to: urlOf(to.store, step.toKey) };
  const event = { ...names, sizeBytes: step.sizeBytes };
  try {
    if (options.noClobber === true && (await to.bucket.stat(step.toKey, options)) !== undefined)
      return { ...event, type: 'skipped' };
    for (let attempt = 1; ; attempt++) {
      try {
        const count = (sizeBytes: number) => tell({ ...names, type: 'bytes', sizeBytes });
        return { ...event, type: 'copied', proof: await copyOne(step, to, options, count) };
      } catch (error) {
        const mayRepeat = error instanceof GatehouseError && error.retryable && attempt < attempts;
        if (!mayRepeat) throw error;
      }
    }
  } catch (error) {
    if (hasCode(error, 'INTERRUPTED')) throw error;
    return { ...event, type: 'failed', error };
  }
}

async function copyOne(
  step: CopyStep,
  to: OpenOperand,
  options: CopyOptions,
  count: (bytes: number) => void,
): Promise<NonNullable<CopyEvent['proof']>> {
  const { from, fromKey, toKey, sizeBytes } = step;
  const address = sizeBytes <= largestServerCopyBytes ? from.bucket.address(fromKey) : undefined;
  if (address !== undefined && (await to.bucket.copyFrom(address, toKey, options))) {
    count(sizeBytes);
    return 'server';
  }
  if (from.store.kind === 'directory' && to.store.kind === 's3') {
    await to.bucket.putFile(toKey, urlOf(from.store, fromKey), sizeBytes, options);
    count(sizeBytes);
    return 'md5';
  }
  return await carry(step, to, options, count);
}

async function carry(
  { from, fromKey, toKey }: CopyStep,
  to: OpenOperand,
  options: CopyOptions,
  count: (bytes: number) => void,
): Promise<'md5' | 'sha256' | 'size'> {
  const facts = await from.bucket.describe(fromKey, options);
  const source = await from.bucket.getStream(fromKey, options);
  if (facts === undefined || source === undefined) throw nothingMatches(urlOf(from.store, fromKey));
  const size = Math.max(partBytes, Math.ceil(facts.sizeBytes / mostParts));
  try {
    const proved = prove(source, facts, from.bucket.location, count);
    await to.bucket.putStream(toKey, proved, { ...options, partBytes: size });
  } finally {
    source.destroy();
  }
  if (facts.sha256 !== undefined) return 'sha256';
  return facts.md5 !== undefined ? 'md5' : 'size';
}

/** Passes the bytes on and fails at their end, before the target shows them, when they are not the source's. */
async function* prove(
  source: AsyncIterable<Uint8Array>,
  facts: ObjectFacts,
  location: string,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const wanted = facts.sha256 ?? facts.md5;
  const hash = createHash(facts.sha256 === undefined ? 'md5' : 'sha256');
  let sizeBytes = 0;
  for await (const chunk of source) {
    if (wanted !== undefined) hash.update(chunk);
    sizeBytes += chunk.length;
    count(chunk.length);
    yield chunk;
  }
  const isWhole = sizeBytes === facts.sizeBytes && (wanted === undefined || hash.digest('hex') === wanted);
  if (!isWhole) throw damagedOnTheWay(location, facts.key);
}
