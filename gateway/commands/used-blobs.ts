/**
 * Which blobs the snapshots need: every tree is read once, however many snapshots share it. What a
 * tree names and the index lacks is collected; damage ends the walk, since a guess could lose data.
 */

import { BlobSet } from '../repository/blob-set.js';
import type { Repository } from '../repository/repository.js';
import type { BlobType } from '../repository/types.js';
import { treeDamaged } from '../tree/errors.js';
import { throwIfAborted } from './abort.js';

/** Trees read at once. */
const readsAtOnce = 8;
/** Missing blobs told by id; all are counted. */
const missingTold = 20;

export interface UsedBlobs {
  /** By `Maintenance.blobNumber`. */
  readonly blobs: BlobSet;
  readonly missingCount: number;
  /** `data 1234…`; the first few. */
  readonly missing: readonly string[];
}

interface Walk {
  readonly signal: AbortSignal;
  /** Called with the trees read so far. */
  readonly onProgress?: (trees: number) => void;
}

/** @param roots ids of the snapshots' trees. @throws TREE_DAMAGED, REPOSITORY_DAMAGED, INTERRUPTED. */
export async function findUsedBlobs(
  repository: Repository,
  roots: Iterable<string>,
  { signal, onProgress }: Walk,
): Promise<UsedBlobs> {
  const blobs = new BlobSet();
  const missing: string[] = [];
  let missingCount = 0;
  /** @returns true for the first sight of a blob that is there. */
  const mark = (type: BlobType, id: string): boolean => {
    const number = repository.maintenance.blobNumber(type, id);
    if (number >= 0) return blobs.add(number);
    missingCount++;
    if (missing.length < missingTold && !missing.includes(`${type} ${id}`)) missing.push(`${type} ${id}`);
    return false;
  };
  // The latest first: the depth of the folders bounds the stack, not their number.
  const pending = [...roots].filter((id) => mark('tree', id));
  for (let done = 0; pending.length > 0; ) {
    throwIfAborted(signal);
    const some = pending.splice(-readsAtOnce);
    const trees = await Promise.all(some.map(async (id) => readReferences(repository, id, signal)));
    for (const { files, folders } of trees) {
      for (const id of files) mark('data', id);
      for (const id of folders) if (mark('tree', id)) pending.push(id);
    }
    done += some.length;
    onProgress?.(done);
  }
  return { blobs, missing, missingCount };
}

interface References {
  readonly files: string[];
  readonly folders: string[];
}

/** What a tree refers to. @throws TREE_DAMAGED, BLOB_MISSING, REPOSITORY_DAMAGED. */
export async function readReferences(
  repository: Repository,
  id: string,
  signal: AbortSignal,
): Promise<References> {
  const bytes = await repository.loadBlob('tree', id, { signal });
  const references: References = { files: [], folders: [] };
  for (const node of nodesOf(id, bytes)) {
    const { type, content, subtree } = node as Record<string, unknown>;
    if (type === 'dir' && subtree === undefined) throw treeDamaged(`a folder in tree ${id} has no tree`);
    if (subtree !== undefined && subtree !== null) references.folders.push(idIn(id, subtree));
    if (content === undefined || content === null) continue;
    if (!Array.isArray(content)) throw treeDamaged(`a file in tree ${id} has no list of chunks`);
    for (const chunk of content) references.files.push(idIn(id, chunk));
  }
  return references;
}

function nodesOf(id: string, bytes: Uint8Array): object[] {
  let tree: unknown;
  try {
    // Integers beyond 2^53 lose digits here, which concerns no reference.
    tree = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
  } catch (cause) {
    throw treeDamaged(`tree ${id} is no JSON`, cause);
  }
  const nodes = typeof tree === 'object' && tree !== null && 'nodes' in tree ? tree.nodes : undefined;
  if (nodes === undefined || nodes === null) return [];
  if (Array.isArray(nodes) && nodes.every((node) => typeof node === 'object' && node !== null)) return nodes;
  throw treeDamaged(`tree ${id} has no list of nodes`);
}

function idIn(tree: string, value: unknown): string {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value;
  throw treeDamaged(`tree ${tree} refers to something that is no blob id`);
}
