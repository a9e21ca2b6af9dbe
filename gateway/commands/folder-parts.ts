/** What a folder's tree will hold, as it becomes known; of folders with many thousands of entries all of it is held. */
import { FolderContents } from '../state/folder-contents.js';
import type { TreeNode } from '../tree/node.js';
import { type EncodedNode, encodeNode } from '../tree/tree.js';

/** A node, or undefined when the entry is left out. */
export type Part = TreeNode | undefined | Promise<TreeNode | undefined>;

/** The place of a file whose node comes later. */
export interface FilePlace {
  /** Among the folder's parts. */
  readonly part: number;
  /** Among its files. */
  readonly file: number;
}

export class FolderParts {
  /** Of its files, in the order in which they were added. */
  readonly contents: FolderContents;
  readonly #encoded: (EncodedNode | undefined)[] = [];
  #files = 0;
  #missing = 0;
  #failure: { readonly reason: unknown } | undefined;
  #whenKnown: { resolve(): void; reject(reason: unknown): void } | undefined;

  constructor(files: number) {
    this.contents = new FolderContents(files);
  }

  /** Anything but a file. */
  add(part: Part): void {
    if (!(part instanceof Promise)) {
      this.#encoded.push(part && encodeNode(part));
      return;
    }
    const place = this.#reserve();
    part.then((node) => this.#set(place, node && encodeNode(node))).catch((error) => this.fail(error));
  }

  /** A file whose node is known. */
  addFile(node: TreeNode | undefined): void {
    this.setFile(this.expectFile(), node && encodeNode(node), node?.content ?? []);
  }

  /** A file whose node will be set, or fails. */
  expectFile(): FilePlace {
    return { part: this.#reserve(), file: this.#files++ };
  }

  /** @param node undefined when the file is left out. @param content ids of its chunks. */
  setFile({ part, file }: FilePlace, node: EncodedNode | undefined, content: readonly string[]): void {
    if (node !== undefined) this.contents.set(file, content);
    this.#set(part, node);
  }

  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#whenKnown?.reject(reason);
  }

  /** All that are not left out, once all are known. @throws what the first one failed with. */
  async nodes(): Promise<EncodedNode[]> {
    if (this.#failure !== undefined) throw this.#failure.reason;
    if (this.#missing > 0) {
      await new Promise<void>((resolve, reject) => {
        this.#whenKnown = { resolve, reject };
      });
    }
    return this.#encoded.filter((node) => node !== undefined);
  }

  #reserve(): number {
    this.#missing += 1;
    return this.#encoded.push(undefined) - 1;
  }

  #set(part: number, node: EncodedNode | undefined): void {
    this.#encoded[part] = node;
    this.#missing -= 1;
    if (this.#missing === 0) this.#whenKnown?.resolve();
  }
}
