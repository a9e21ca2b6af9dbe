/**
 * Stores the starting points of a backup and the folders above them: of those only the way to a
 * starting point is kept.
 */
import { targetUnreadable } from '../files/errors.js';
import { type FoundEntry, statEntry } from '../files/scan.js';
import type { TreeNode } from '../tree/node.js';
import { encodeTree } from '../tree/tree.js';
import { Archiver, type ArchiverParts } from './archiver.js';
import { type Later, later, now } from './later.js';
import { PreviousFolder } from './parent-trees.js';
import type { TargetFolder, TargetNode } from './target-tree.js';

export class TargetArchiver {
  readonly #parts: ArchiverParts;
  readonly #archiver: Archiver;

  constructor(parts: ArchiverParts) {
    this.#parts = parts;
    this.#archiver = new Archiver(parts);
  }

  /** @returns the id of the tree, or undefined when nothing in it could be read. */
  async storeTargets(folder: TargetFolder, parentTree: string | undefined): Promise<string | undefined> {
    const walked = await this.#walkTargets(folder, parentTree);
    this.#parts.queue.flush();
    return walked.value;
  }

  async #walkTargets(
    folder: TargetFolder,
    parentTree: string | undefined,
  ): Promise<Later<string | undefined>> {
    const previous = new PreviousFolder(this.#parts.parents, () => parentTree);
    const parts: Later<TreeNode | 'left out' | undefined>[] = [];
    for (const [name, target] of folder.children) {
      parts.push(await this.#walkTarget(Buffer.from(name, 'latin1'), target, previous));
    }
    return later(this.#storeTargetTree(parts));
  }

  async #storeTargetTree(
    parts: readonly Later<TreeNode | 'left out' | undefined>[],
  ): Promise<string | undefined> {
    const all = (await Promise.all(parts.map(({ value }) => value))).filter((part) => part !== undefined);
    if (all.length === 0) return undefined;
    return this.#parts.sink.save('tree', encodeTree(all.filter((part) => part !== 'left out')));
  }

  async #walkTarget(
    name: Buffer,
    target: TargetNode,
    above: PreviousFolder,
  ): Promise<Later<TreeNode | 'left out' | undefined>> {
    const entry = await this.#statTarget(target.path, name);
    if (entry === undefined) return now(undefined);
    if (target.kind === 'whole' && !this.#parts.scanner.wantsStart(entry)) return now('left out');
    const previous = (await above.nodes()).get(name.toString('latin1'));
    if (target.kind === 'folder') {
      return this.#nodeLater(entry, await this.#walkTargets(target, previous?.subtree), previous);
    }
    if (!entry.stat.isDirectory()) return later(this.#archiver.entries.storeAlone(entry, previous));
    return this.#nodeLater(entry, await this.#archiver.storeFolder(entry, above), previous);
  }

  #nodeLater(
    entry: FoundEntry,
    tree: Later<string | undefined>,
    previous: TreeNode | undefined,
  ): Later<TreeNode | undefined> {
    return later(
      tree.value.then((id) =>
        id === undefined ? undefined : this.#archiver.entries.nodeOf(entry, id, previous),
      ),
    );
  }

  async #statTarget(path: Buffer, name: Buffer): Promise<FoundEntry | undefined> {
    const { tally } = this.#parts;
    let told = false;
    const entry = await statEntry(path, name, (_path, error) => {
      told = true;
      tally.error(path, error);
    });
    // Of a path that was asked for by name, absence is an error too.
    if (entry === undefined && !told) tally.error(path, targetUnreadable(path, 'it does not exist'));
    return entry;
  }
}
