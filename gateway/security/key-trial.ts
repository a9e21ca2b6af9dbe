/** Does with a pair of keys what a backup does: writes, reads, lists, and gives up a lock. */
import { randomBytes } from 'node:crypto';
import { GatehouseError, messageOf } from '../../core/errors.js';
import type { Bucket, CallOptions } from '../bucket/bucket.js';

export interface KeyTrial {
  readonly what: 'write' | 'read' | 'list' | 'delete';
  /** Undefined when it went well. */
  readonly problem: string | undefined;
  /** Keys can do without: they may not be meant to delete. */
  readonly isNeeded: boolean;
}

/** Where everyday keys may delete too. Locks are named by hashes: nobody takes this for one. */
const probeKey = 'locks/gatehouse-probe';

/** @throws INTERRUPTED. */
export async function tryAccessKeys(bucket: Bucket, options: CallOptions): Promise<KeyTrial[]> {
  const content = randomBytes(32);
  return [
    await one('write', true, () => bucket.put(probeKey, content, options)),
    await one('read', true, async () => {
      const found = await bucket.get(probeKey, options);
      if (found === undefined || !content.equals(found))
        throw new Error('what was written did not come back');
    }),
    await one('list', true, async () => {
      for await (const { key } of bucket.list(probeKey, options)) if (key === probeKey) return;
      throw new Error('what was written is not listed');
    }),
    await one('delete', false, () => bucket.delete(probeKey, options)),
  ];
}

async function one(what: KeyTrial['what'], isNeeded: boolean, work: () => Promise<void>): Promise<KeyTrial> {
  try {
    await work();
    return { what, problem: undefined, isNeeded };
  } catch (error) {
    if (error instanceof GatehouseError && error.code === 'INTERRUPTED') throw error;
    return { what, problem: messageOf(error), isNeeded };
  }
}
