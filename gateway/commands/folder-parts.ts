/** What a folder's tree will hold, as it becomes known; of folders with many thousands of entries all of it is held. */
import { FolderContents } from '../state/folder-contents.js';
import type { TreeNode } from '../tree/node.js';
import { encodeNode } from '../tree/tree.js';
import { quiet } from './later.js';

/** A node, or undefined when the entry is left out. */
export type Part = TreeNode | undefined | Promise<TreeNode | undefined>;

export class FolderParts {
  /** Of its files, in the order in which they were added. */
  readonly contents: FolderContents;
  /** As they stand in the tree: a third of the memory. */
  readonly #encoded: (Buffer | undefined | Promise<Buffer | undefined>)[] = [];
  #files = 0;

  constructor(files: number) {
    this.contents = new FolderContents(files);
  }

  add(part: Part): void {
    this.#add(part, (node) => node && encodeNode(node));
  }

  addFile(part: Part): void {
    const file = this.#files++;
    this.#add(part, (node) => {
      if (node === undefined) return undefined;
      this.contents.set(file, node.content ?? []);
      return encodeNode(node);
    });
  }

  /** All that are not left out, once all are known. @throws what the first one failed with. */
  async nodes(): Promise<Buffer[]> {
    return (await Promise.all(this.#encoded)).filter((node) => node !== undefined);
  }

  #add(part: Part, encode: (node: TreeNode | undefined) => Buffer | undefined): void {
    this.#encoded.push(part instanceof Promise ? quiet(part.then(encode)) : encode(part));
  }
}
