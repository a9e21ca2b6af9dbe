/** Stops a walk through a few trees that name one another to stand for more folders than fit anywhere. */
import { treeExplodes } from './errors.js';

/** A folder met again is a copy somewhere else; so many copies, and of so few, are made on purpose. */
const copiesLimit = 100_000;
const copiesEachLimit = 1000;

/** Twice what Linux can open, bytes; against paths that fill memory, which grow with the square of the depth. */
export const pathLimitBytes = 8192;

export class CopyGuard {
  readonly #seen = new Set<string>();
  #copies = 0;

  /** Call it for each visit of a folder that is not empty. @throws TREE_EXPLODES. */
  count(tree: string): void {
    // The beginning of the id does: a chance hit only counts one copy more.
    const short = tree.slice(0, 16);
    if (this.#seen.has(short)) this.#copies += 1;
    this.#seen.add(short);
    if (this.#copies > Math.max(copiesLimit, this.#seen.size * copiesEachLimit)) throw treeExplodes();
  }
}
