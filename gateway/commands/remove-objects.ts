/** Removes objects, or what uploads left that were never ended. Plans first, then applies. */
import { hasCode } from '../../core/errors.js';
import type { CallOptions, UnfinishedUpload } from '../bucket/bucket.js';
import { urlOf } from '../bucket/operand.js';
import { throwIfAborted } from './abort.js';
import type { OpenOperand } from './copy-plan.js';
import { isFolderOnly, nothingMatches } from './object-errors.js';
import { findObjects } from './object-match.js';

export interface RemovalStep {
  readonly url: string;
  readonly sizeBytes: number;
  /** For an upload that was not ended: when something was last sent, milliseconds since 1970. */
  readonly activeMs?: number;
  readonly remove: (options: CallOptions) => Promise<void>;
}

export interface RemovalPlan {
  readonly steps: readonly RemovalStep[];
  readonly totalBytes: number;
}

/** @throws NOTHING_MATCHES, IS_FOLDER. */
export async function planRemoval(
  operands: readonly OpenOperand[],
  options: CallOptions & { readonly recursive: boolean },
): Promise<RemovalPlan> {
  const steps = new Map<string, RemovalStep>();
  for (const operand of operands) {
    const { bucket, store, text } = operand;
    let found = 0;
    for await (const { key, sizeBytes } of findObjects(bucket, operand, options.recursive, options)) {
      found += 1;
      const url = urlOf(store, key);
      steps.set(url, { url, sizeBytes, remove: (call) => bucket.delete(key, call) });
    }
    if (found > 0) continue;
    if (!options.recursive && !operand.hasWildcard) {
      const prefix = operand.path === '' ? '' : `${operand.path}/`;
      for await (const _ of bucket.list(prefix, options)) throw isFolderOnly(text);
    }
    throw nothingMatches(text);
  }
  return planOf([...steps.values()]);
}

/** Uploads below the operands to which nothing was sent since `beforeMs` (milliseconds since 1970). */
export async function planUploadRemoval(
  operands: readonly OpenOperand[],
  beforeMs: number,
  options: CallOptions,
): Promise<RemovalPlan> {
  const steps: RemovalStep[] = [];
  for (const { bucket, store, path } of operands) {
    for await (const upload of bucket.listUnfinished(path, options)) {
      if (upload.activeMs >= beforeMs || !isBelow(upload, path)) continue;
      const { key, activeMs } = upload;
      const remove = (call: CallOptions) => bucket.dropUnfinished(upload, call);
      steps.push({ url: urlOf(store, key), sizeBytes: 0, activeMs, remove });
    }
  }
  return planOf(steps);
}

export interface RemovalResult {
  readonly removed: number;
  readonly failed: number;
}

/** One failure leaves the others going. @throws INTERRUPTED. */
export async function removeObjects(
  { steps }: RemovalPlan,
  options: CallOptions & { readonly parallel?: number },
  tell: (step: RemovalStep, error?: unknown) => void,
): Promise<RemovalResult> {
  const result = { removed: 0, failed: 0 };
  const rest = steps.values();
  const worker = async () => {
    for (const step of rest) {
      if (options.signal !== undefined) throwIfAborted(options.signal);
      try {
        await step.remove(options);
        result.removed += 1;
        tell(step);
      } catch (error) {
        if (hasCode(error, 'INTERRUPTED')) throw error;
        result.failed += 1;
        tell(step, error);
      }
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: options.parallel ?? 8 }, worker));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return result;
}

function isBelow({ key }: UnfinishedUpload, path: string): boolean {
  return path === '' || key === path || key.startsWith(`${path}/`);
}

function planOf(steps: readonly RemovalStep[]): RemovalPlan {
  return { steps, totalBytes: steps.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}
