/** Reads restored files again, on the restoring threads, and compares them with their chunks' hashes. */

import { mapBounded } from '../../core/bounded.js';
import { throwIfAborted } from '../commands/abort.js';
import { restoredDiffers } from '../commands/errors.js';
import { type Selection, walkSnapshot } from '../commands/snapshot-walk.js';
import { displayPath, joinPath } from '../files/path-bytes.js';
import type { Repository } from '../repository/repository.js';
import type { TreeNode } from '../tree/node.js';
import type { CompareFile } from './messages.js';
import type { RestoreTally } from './tally.js';
import type { RestoreWorkers } from './workers.js';

const batchFiles = 256;
const batchBytes = 32 * 1024 * 1024;

export interface VerifierParts {
  readonly repository: Repository;
  readonly tree: string;
  readonly target: Buffer;
  readonly selection: Selection;
  readonly workers: RestoreWorkers;
  readonly tally: RestoreTally;
  readonly signal: AbortSignal;
}

interface Batch {
  readonly paths: Buffer[];
  readonly files: CompareFile[];
  readonly sizes: number[];
}

/**
 * @param wasLeft entries that stay by the rule for overwriting, or failed, are passed over.
 * @throws INTERRUPTED, and what a walk throws.
 */
export async function verifyRestored(
  parts: VerifierParts,
  wasLeft: (path: Buffer) => boolean,
): Promise<void> {
  const { workers, tally, target, signal } = parts;
  const compare = async (batch: Batch) => ({
    batch,
    answer: await workers.compare({ type: 'compare', files: batch.files }),
  });
  for await (const { batch, answer } of mapBounded(batches(parts, wasLeft), workers.count * 2, compare)) {
    throwIfAborted(signal);
    for (const [number, path] of batch.paths.entries()) {
      const sizeBytes = batch.sizes[number] ?? 0;
      const found = answer.files[number];
      const isSame =
        found !== undefined && found.sizeBytes === sizeBytes && found.equal.every((one) => one === 1);
      if (isSame) tally.verified(sizeBytes);
      else tally.error(path, restoredDiffers(displayPath(joinPath(target, path))));
    }
  }
  throwIfAborted(signal);
}

async function* batches(parts: VerifierParts, wasLeft: (path: Buffer) => boolean): AsyncGenerator<Batch> {
  const { repository, tree, target, selection, signal } = parts;
  let batch: Batch = { paths: [], files: [], sizes: [] };
  let bytes = 0;
  for await (const step of walkSnapshot(repository, tree, selection, signal)) {
    if (step.kind !== 'leaf' || step.node.type !== 'file' || wasLeft(step.path)) continue;
    const { file, sizeBytes } = expected(repository, joinPath(target, step.path), step.node);
    batch.paths.push(step.path);
    batch.files.push(file);
    batch.sizes.push(sizeBytes);
    bytes += sizeBytes;
    if (batch.files.length < batchFiles && bytes < batchBytes) continue;
    yield batch;
    batch = { paths: [], files: [], sizes: [] };
    bytes = 0;
  }
  if (batch.files.length > 0) yield batch;
}

function expected(repository: Repository, path: Buffer, node: TreeNode) {
  const ids = node.content ?? [];
  const sizes = Uint32Array.from(ids, (id) => repository.blobSize('data', id) ?? 0);
  const file: CompareFile = {
    path: new Uint8Array(path),
    ids: new Uint8Array(Buffer.from(ids.join(''), 'hex')),
    sizes,
  };
  return { file, sizeBytes: sizes.reduce((sum, size) => sum + size, 0) };
}
