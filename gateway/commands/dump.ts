/**
 * Writes one file of a snapshot, or a folder as a tar archive, to a stream. Content comes in order,
 * a few chunks ahead of the writer; nothing is written to disk.
 */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { mapBounded } from '../../core/bounded.js';
import { blobMissing } from '../errors.js';
import { displayPath, joinPath, pathBytes, pathComponents } from '../files/path-bytes.js';
import type { Repository } from '../repository/repository.js';
import type { TreeNode } from '../tree/node.js';
import { decodeTree } from '../tree/tree.js';
import { throwIfAborted } from './abort.js';
import { noSuchFile, outputFailed } from './errors.js';
import { findTree } from './restore.js';
import { Selection, walkSnapshot } from './snapshot-walk.js';
import { findSnapshot, type SnapshotFilter, splitSnapshotPath } from './snapshots.js';
import { TarEncoder } from './tar-encoder.js';
import { withIndex } from './with-lock.js';

/** Chunks on their way at once; each at most 8 MiB, 1.5 MiB in the mean. */
const chunksAhead = 4;

/** Small pieces go out together: a write costs as much as all else of a small file's 1.5 kB. */
const gatherBytes = 64 * 1024;

export interface DumpOptions extends SnapshotFilter {
  /** `latest`, an id or the beginning of one; with `:folder` the path is taken from there. */
  readonly snapshot: string;
  /** Of a file, or of a folder, which comes as tar; `/` for all of it. */
  readonly path: string;
  readonly signal?: AbortSignal;
}

export interface DumpResult {
  readonly snapshotId: string;
  readonly bytesWritten: number;
  /** Entries that could not be archived; above 0 the archive is not complete. */
  readonly errorCount: number;
}

/**
 * Loads the index by itself; `output` is not ended.
 * @param onError told of entries that are left out.
 * @throws SNAPSHOT_UNKNOWN, PATH_NOT_IN_SNAPSHOT, REPOSITORY_DAMAGED, BLOB_MISSING, OUTPUT_FAILED,
 * LOCKED, INTERRUPTED.
 */
export async function dump(
  repository: Repository,
  options: DumpOptions,
  output: Writable,
  onError: (path: string, error: unknown) => void,
): Promise<DumpResult> {
  return withIndex(repository, options.signal, async (signal) => {
    const { wanted, folder } = splitSnapshotPath(options.snapshot);
    const snapshot = await findSnapshot(repository, wanted, { ...options, signal });
    await repository.loadIndex({ signal });
    const top = await findTree(repository, snapshot, folder, signal);
    const found = await findNode(repository, top, options.path, snapshot.id, signal);
    const job = new DumpJob(repository, output, signal, onError);
    output.on('error', job.fail);
    try {
      if (found.kind === 'file') await job.content(found.node);
      else await job.archive(found.tree, found.prefix);
      await job.flush();
    } finally {
      output.off('error', job.fail);
    }
    return { snapshotId: snapshot.id, bytesWritten: job.bytesWritten, errorCount: job.errorCount };
  });
}

type Found =
  | { readonly kind: 'file'; readonly node: TreeNode }
  | { readonly kind: 'folder'; readonly tree: string; readonly prefix: Buffer };

async function findNode(
  repository: Repository,
  top: string,
  path: string,
  snapshotId: string,
  signal: AbortSignal,
): Promise<Found> {
  const names = pathComponents(pathBytes(path));
  let tree = top;
  for (const [at, name] of names.entries()) {
    const nodes = decodeTree(await repository.loadBlob('tree', tree, { signal }));
    const node = nodes.find((candidate) => candidate.name.equals(name));
    const isLast = at === names.length - 1;
    if (isLast && node?.type === 'file') return { kind: 'file', node };
    if (node?.subtree === undefined) throw noSuchFile(snapshotId, path);
    tree = node.subtree;
  }
  return { kind: 'folder', tree, prefix: names.reduce(joinPath, Buffer.alloc(0)) };
}

class DumpJob {
  readonly #repository: Repository;
  readonly #output: Writable;
  readonly #signal: AbortSignal;
  readonly #onError: (path: string, error: unknown) => void;
  #broken: Error | undefined;
  #gathered = Buffer.allocUnsafe(gatherBytes);
  #gatheredBytes = 0;
  #last: { readonly id: string; readonly bytes: Promise<Uint8Array> } | undefined;
  bytesWritten = 0;
  errorCount = 0;

  constructor(
    repository: Repository,
    output: Writable,
    signal: AbortSignal,
    onError: (path: string, error: unknown) => void,
  ) {
    this.#repository = repository;
    this.#output = output;
    this.#signal = signal;
    this.#onError = onError;
  }

  /** The stream broke; the next write says so. */
  readonly fail = (error: Error): void => {
    this.#broken ??= error;
  };

  async content(node: TreeNode): Promise<void> {
    const load = (id: string) => this.#load(id);
    for await (const chunk of mapBounded(node.content ?? [], chunksAhead, load)) await this.#write(chunk);
    throwIfAborted(this.#signal);
  }

  /** Empty stretches of a disk image are one chunk over and over: it is opened once for a stretch. */
  #load(id: string): Promise<Uint8Array> {
    if (this.#last?.id !== id) {
      this.#last = { id, bytes: this.#repository.loadBlob('data', id, { signal: this.#signal }) };
    }
    return this.#last.bytes;
  }

  async archive(tree: string, prefix: Buffer): Promise<void> {
    const encoder = new TarEncoder();
    for await (const step of walkSnapshot(this.#repository, tree, new Selection(), this.#signal)) {
      if (step.kind === 'broken') this.#failed(joinPath(prefix, step.path), step.error);
      else if (step.kind !== 'leave') await this.#entry(encoder, joinPath(prefix, step.path), step.node);
    }
    throwIfAborted(this.#signal);
    await this.#write(encoder.end());
  }

  async #entry(encoder: TarEncoder, path: Buffer, node: TreeNode): Promise<void> {
    let head: Buffer | undefined;
    let sizeBytes: number;
    try {
      // The header says how long the content is, so that it must be known to be there first.
      sizeBytes = node.type === 'file' ? this.#sizeOf(node) : 0;
      head = encoder.entry(path, node, sizeBytes);
    } catch (error) {
      this.#failed(path, error);
      return;
    }
    if (head === undefined) return;
    await this.#write(head);
    if (node.type !== 'file' || encoder.isFurtherName(node)) return;
    await this.content(node);
    await this.#write(encoder.padding(sizeBytes));
  }

  #sizeOf(node: TreeNode): number {
    return (node.content ?? []).reduce((sum, id) => {
      const size = this.#repository.blobSize('data', id);
      if (size === undefined) throw blobMissing('data', id);
      return sum + size;
    }, 0);
  }

  #failed(path: Buffer, error: unknown): void {
    this.errorCount += 1;
    this.#onError(`/${displayPath(path)}`, error);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    throwIfAborted(this.#signal);
    this.bytesWritten += bytes.length;
    if (this.#gatheredBytes + bytes.length > gatherBytes) await this.flush();
    if (bytes.length >= gatherBytes) return this.#send(bytes);
    this.#gathered.set(bytes, this.#gatheredBytes);
    this.#gatheredBytes += bytes.length;
  }

  /** Hands over what was gathered; the stream keeps that memory. */
  async flush(): Promise<void> {
    if (this.#gatheredBytes === 0) return;
    const bytes = this.#gathered.subarray(0, this.#gatheredBytes);
    this.#gathered = Buffer.allocUnsafe(gatherBytes);
    this.#gatheredBytes = 0;
    await this.#send(bytes);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    if (this.#broken === undefined && !this.#output.write(bytes)) await this.#drained();
    if (this.#broken !== undefined) throw outputFailed(this.#broken);
  }

  async #drained(): Promise<void> {
    try {
      await once(this.#output, 'drain', { signal: this.#signal });
    } catch (error) {
      throwIfAborted(this.#signal);
      this.#broken ??= error as Error;
    }
  }
}
