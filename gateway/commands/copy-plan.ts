/** Works out what `cp` copies where, before anything is copied. */
import { stat } from 'node:fs/promises';
import type { Bucket, CallOptions } from '../bucket/bucket.js';
import { type Operand, urlOf } from '../bucket/operand.js';
import { copyCollision, copyIntoItself, isFolderOnly, nothingMatches } from './object-errors.js';
import { type FoundObject, findObjects } from './object-match.js';

/** An operand with its store opened. */
export interface OpenOperand extends Operand {
  /** As it was written. */
  readonly text: string;
  readonly bucket: Bucket;
}

export interface CopyStep {
  readonly from: OpenOperand;
  readonly fromKey: string;
  readonly toKey: string;
  readonly sizeBytes: number;
}

export interface CopyPlan {
  readonly to: OpenOperand;
  readonly steps: readonly CopyStep[];
  readonly totalBytes: number;
}

/**
 * @throws NOTHING_MATCHES when a source names nothing, COPY_IS_FOLDER for a folder without
 * `recursive`, COPY_COLLISION when two sources would become one object.
 */
export async function planCopy(
  sources: readonly OpenOperand[],
  to: OpenOperand,
  options: CallOptions & { readonly recursive: boolean },
): Promise<CopyPlan> {
  const into = await isTargetFolder(sources, to, options);
  const steps: CopyStep[] = [];
  for (const from of sources) {
    const before = steps.length;
    for await (const found of findObjects(from.bucket, from, options.recursive, options)) {
      steps.push({ from, fromKey: found.key, toKey: targetKey(found, to, into), sizeBytes: found.sizeBytes });
    }
    if (steps.length === before) await refuseEmpty(from, options);
  }
  refuseCollisions(steps, to);
  return { to, steps, totalBytes: steps.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

function targetKey(found: FoundObject, { path }: OpenOperand, into: boolean): string {
  const name = into ? found.name : found.inside;
  return [path, name].filter((part) => part !== undefined && part !== '').join('/');
}

async function isTargetFolder(
  sources: readonly OpenOperand[],
  to: OpenOperand,
  options: CallOptions,
): Promise<boolean> {
  if (to.isFolder || sources.length > 1 || sources.some(({ hasWildcard }) => hasWildcard)) return true;
  if (to.store.kind === 'directory') {
    const found = await stat(urlOf(to.store, to.path)).catch(() => undefined);
    return found?.isDirectory() ?? false;
  }
  for await (const _ of to.bucket.list(`${to.path}/`, options)) return true;
  return false;
}

async function refuseEmpty(from: OpenOperand, options: CallOptions & { readonly recursive: boolean }) {
  if (!options.recursive && !from.hasWildcard) {
    const prefix = from.path === '' ? '' : `${from.path}/`;
    for await (const _ of from.bucket.list(prefix, options)) throw isFolderOnly(from.text);
  }
  throw nothingMatches(from.text);
}

function refuseCollisions(steps: readonly CopyStep[], to: OpenOperand): void {
  const seen = new Map<string, CopyStep>();
  const target = addressOf(to, '');
  for (const step of steps) {
    const other = seen.get(step.toKey);
    const [one, two] = [urlOf(step.from.store, step.fromKey), urlOf(to.store, step.toKey)];
    if (other !== undefined) throw copyCollision(urlOf(other.from.store, other.fromKey), one, two);
    if (addressOf(step.from, step.fromKey) === `${target}${step.toKey}`) throw copyIntoItself(one);
    seen.set(step.toKey, step);
  }
}

/** One text per object in the world. */
function addressOf({ bucket, store }: OpenOperand, key: string): string {
  const address = bucket.address(key);
  return address === undefined
    ? urlOf(store, key || '/').replace(/\/+$/, '/')
    : `${address.server} ${address.bucket} ${address.key}`;
}
