/**
 * Puts the steps of a snapshot walk on disk. Folders are made on the way in and get their metadata
 * on the way out, when nothing in them changes any more. Files of one folder are restored several
 * at once; a failure is told and the rest goes on.
 */
import { getuid } from 'node:process';
import { joinPath } from '../files/path-bytes.js';
import { applyMetadata, makeFolder, placeHardLink, placeSpecial } from '../files/placing.js';
import type { Posix } from '../files/posix.js';
import type { TreeNode } from '../tree/node.js';
import { throwIfAborted, throwIfBucketFailed } from './abort.js';
import type { ContentRestorer } from './content-restorer.js';
import type { RestoreTally } from './restore-tally.js';
import { Slots } from './slots.js';
import type { EnterStep, WalkStep } from './snapshot-walk.js';

const filesAtOnce = 8;

export interface RestorerParts {
  /** Exists and is a folder. */
  readonly target: Buffer;
  readonly content: ContentRestorer;
  readonly posix: Posix;
  readonly tally: RestoreTally;
  readonly signal: AbortSignal;
}

interface OpenFolder {
  readonly path: Buffer;
  made: boolean;
  readonly pending: Promise<void>[];
}

export class Restorer {
  readonly #parts: RestorerParts;
  readonly #folders: OpenFolder[];
  readonly #slots = new Slots(filesAtOnce);
  #fatal: { readonly error: unknown } | undefined;
  /** Where a file with several names was restored first, by device and inode. */
  readonly #firstNames = new Map<string, Buffer>();

  constructor(parts: RestorerParts) {
    this.#parts = parts;
    this.#folders = [{ path: parts.target, made: true, pending: [] }];
  }

  async take(step: WalkStep): Promise<void> {
    this.throwIfFatal();
    if (step.kind === 'broken') this.#parts.tally.error(step.path, step.error);
    else if (step.kind === 'enter') await this.#enter(step);
    else if (step.kind === 'leave') await this.#leave(step);
    else await this.#begin(step.path, step.node);
  }

  /** @throws when the bucket failed as a whole, or the signal was aborted. */
  throwIfFatal(): void {
    throwIfAborted(this.#parts.signal);
    if (this.#fatal !== undefined) throw this.#fatal.error;
  }

  /** Waits for what is still on its way; call it last, also after a failure. */
  async settle(): Promise<void> {
    await Promise.all(this.#folders.flatMap((folder) => folder.pending));
  }

  async #enter(step: EnterStep): Promise<void> {
    this.#folders.push({ path: this.#diskPath(step.path), made: false, pending: [] });
    if (!step.selected) return;
    try {
      await makeFolders(this.#folders);
    } catch (error) {
      this.#folders.pop();
      step.descend = false;
      this.#parts.tally.error(step.path, error);
    }
  }

  async #leave(step: { path: Buffer; node: TreeNode; selected: boolean }): Promise<void> {
    const folder = this.#folders.pop();
    if (folder === undefined) return;
    await Promise.all(folder.pending);
    if (!step.selected) return;
    await this.#attempt(step.path, step.node, () => applyMetadata(folder.path, step.node, this.#parts.posix));
  }

  async #begin(path: Buffer, node: TreeNode): Promise<void> {
    const { tally } = this.#parts;
    if (node.type === 'socket') return tally.skipped(path, 'Sockets are made by their programs.');
    const isDevice = node.type === 'dev' || node.type === 'chardev';
    if (isDevice && getuid?.() !== 0) return tally.skipped(path, 'Only root can make devices.');
    // Further names wait for the first: it must be there to be linked to.
    const chain = [...this.#folders];
    if (node.links > 1) await this.#attempt(path, node, () => this.#placeLinked(chain, path, node));
    else await this.#placeLater(chain, path, node);
  }

  async #placeLater(chain: readonly OpenFolder[], path: Buffer, node: TreeNode): Promise<void> {
    await this.#slots.take();
    const task = this.#attempt(path, node, () => this.#place(chain, path, node));
    chain.at(-1)?.pending.push(task.finally(() => this.#slots.give()));
  }

  async #placeLinked(chain: readonly OpenFolder[], path: Buffer, node: TreeNode): Promise<void> {
    const key = `${node.deviceId} ${node.inode}`;
    const first = node.inode === 0n ? undefined : this.#firstNames.get(key);
    if (first !== undefined) {
      const folder = await makeFolders(chain);
      return placeHardLink(first, folder, this.#diskPath(path));
    }
    await this.#place(chain, path, node);
    this.#firstNames.set(key, this.#diskPath(path));
  }

  async #place(chain: readonly OpenFolder[], path: Buffer, node: TreeNode): Promise<void> {
    const folder = await makeFolders(chain);
    const place = this.#diskPath(path);
    if (node.type === 'file') await this.#parts.content.restore(folder, place, node);
    else await placeSpecial(folder, place, node, this.#parts.posix);
  }

  async #attempt(path: Buffer, node: TreeNode, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#parts.tally.item(path, node);
    } catch (error) {
      if (this.#parts.signal.aborted) return;
      this.#parts.tally.error(path, error);
      this.#noteFatal(error);
    }
  }

  #noteFatal(error: unknown): void {
    try {
      throwIfBucketFailed(error);
    } catch {
      this.#fatal ??= { error };
    }
  }

  #diskPath(path: Buffer): Buffer {
    return joinPath(this.#parts.target, path);
  }
}

/** Makes what is not there yet of a chain of folders. @returns the path of the innermost. */
async function makeFolders(chain: readonly OpenFolder[]): Promise<Buffer> {
  for (const folder of chain) {
    if (folder.made) continue;
    await makeFolder(folder.path);
    folder.made = true;
  }
  return chain.at(-1)?.path ?? Buffer.alloc(0);
}
