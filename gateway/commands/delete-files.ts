/**
 * The one place where commands remove what a repository no longer needs. A bucket may hold files
 * under a retention lock: those are told as kept, and a later run removes them.
 */

import { mapBounded } from '../../core/bounded.js';
import { GatehouseError } from '../../core/errors.js';
import type { Repository } from '../repository/repository.js';
import type { FileKind } from '../repository/types.js';
import { throwIfAborted } from './abort.js';

/** Files removed at once. */
const atOnce = 8;

export interface KeptFile {
  readonly id: string;
  /** Until when the bucket holds it, RFC 3339, when it said so. */
  readonly until: string | undefined;
}

export interface Deletion {
  readonly removed: readonly string[];
  readonly stillLocked: readonly KeptFile[];
}

export interface DeleteOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** An absent file counts as removed. @throws INTERRUPTED, and the bucket's errors but BUCKET_OBJECT_LOCKED. */
export async function deleteFiles(
  repository: Repository,
  kind: FileKind,
  ids: readonly string[],
  { signal, onProgress }: DeleteOptions,
): Promise<Deletion> {
  const removed: string[] = [];
  const stillLocked: KeptFile[] = [];
  const remove = async (id: string) => {
    throwIfAborted(signal);
    return { id, locked: await removeOne(repository, kind, id, signal) };
  };
  for await (const { id, locked } of mapBounded(ids, atOnce, remove)) {
    if (locked === undefined) removed.push(id);
    else stillLocked.push(locked);
    onProgress?.(removed.length + stillLocked.length, ids.length);
  }
  return { removed, stillLocked };
}

async function removeOne(
  repository: Repository,
  kind: FileKind,
  id: string,
  signal: AbortSignal,
): Promise<KeptFile | undefined> {
  try {
    await repository.removeFile(kind, id, { signal });
    return undefined;
  } catch (error) {
    if (!(error instanceof GatehouseError) || error.code !== 'BUCKET_OBJECT_LOCKED') throw error;
    const { until } = error.context;
    return { id, until: until === undefined ? undefined : String(until) };
  }
}
