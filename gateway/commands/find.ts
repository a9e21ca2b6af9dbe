/**
 * Finds files by patterns over many snapshots. A folder that several snapshots share is read once:
 * what was found below it is kept and told again, so far as there is room.
 */
import { displayPath, joinPath, toLossless } from '../files/path-bytes.js';
import { compilePatterns, type PatternList } from '../files/patterns.js';
import type { Repository } from '../repository/repository.js';
import type { TreeNode } from '../tree/node.js';
import type { StoredSnapshot } from '../tree/snapshot.js';
import { DigestSet, digestOf } from './digest-set.js';
import { type FoundNode, foundNode } from './listed-node.js';
import { chooseSnapshots, type SnapshotChoice } from './snapshots.js';
import { type BrokenTreeHandler, TreeLoader } from './tree-loader.js';
import { withIndex } from './with-lock.js';

export interface FindOptions extends SnapshotChoice {
  readonly patterns: readonly string[];
  readonly ignoreCase?: boolean;
  /** Only what was modified then or later, or then or earlier; nanoseconds since 1970. */
  readonly oldestNs?: bigint;
  readonly newestNs?: bigint;
}

/** Entries in the order of the trees, each time under the snapshot that comes with them. */
export type MatchHandler = (snapshot: StoredSnapshot, node: FoundNode) => void;

/** Found entries that are kept to be told again; beyond that, folders are read again. */
const keptEntries = 100_000;

/**
 * Snapshots come oldest first. Loads the index by itself. @returns how many entries were found.
 * @throws PATTERN_MALFORMED, SNAPSHOT_UNKNOWN, SNAPSHOT_AMBIGUOUS, LOCKED, INTERRUPTED.
 */
export async function find(
  repository: Repository,
  options: FindOptions,
  onMatch: MatchHandler,
  onBroken: BrokenTreeHandler,
): Promise<number> {
  // A leading "!" has no meaning here.
  const texts = options.patterns.map((text) => (text.startsWith('!') ? `\\${text}` : text));
  const patterns = compilePatterns(texts, options.ignoreCase);
  return withIndex(repository, options.signal, async (signal) => {
    const snapshots = await chooseSnapshots(repository, { ...options, signal });
    await repository.loadIndex({ signal });
    const trees = new TreeLoader(repository, signal, onBroken);
    const finder = new Finder(patterns, options, trees);
    let count = 0;
    for (const snapshot of snapshots) {
      trees.beginSnapshot();
      await finder.search(snapshot.tree, (node) => {
        count++;
        onMatch(snapshot, node);
      });
    }
    return count;
  });
}

type Emit = (node: FoundNode) => void;

/** What lies below a folder, in order. */
interface Found {
  readonly items: (FoundNode | Found)[];
  /** False when there was no room for all of it. */
  isWhole: boolean;
}

interface Place {
  readonly path: Buffer;
  readonly components: readonly string[];
  /** Then all below matches too. */
  readonly matched: boolean;
}

class Finder {
  readonly #patterns: PatternList;
  readonly #options: FindOptions;
  readonly #trees: TreeLoader;
  /** Folders, by tree and path, below which there is nothing. */
  readonly #barren = new DigestSet();
  readonly #known = new Map<string, Found>();
  #kept = 0;

  constructor(patterns: PatternList, options: FindOptions, trees: TreeLoader) {
    this.#patterns = patterns;
    this.#options = options;
    this.#trees = trees;
  }

  async search(tree: string, emit: Emit): Promise<void> {
    await this.#visit(tree, { path: Buffer.alloc(0), components: [], matched: false }, emit);
  }

  async #visit(tree: string | undefined, place: Place, emit: Emit): Promise<Found> {
    const key = digestOf(`${tree}${place.path.toString('latin1')}`);
    const known = this.#barren.has(key) ? nothing() : this.#known.get(key);
    if (known !== undefined) {
      tellAgain(known, emit);
      return known;
    }
    const found = nothing();
    const test = place.matched ? () => true : this.#patterns.inFolder(place.components);
    for (const node of await this.#trees.load(tree, `/${displayPath(place.path)}`)) {
      await this.#look(node, place, test, found, emit);
    }
    if (found.items.length === 0 && found.isWhole) this.#barren.add(key);
    else if (found.isWhole) this.#known.set(key, found);
    return found;
  }

  async #look(
    node: TreeNode,
    place: Place,
    test: (name: string) => boolean,
    found: Found,
    emit: Emit,
  ): Promise<void> {
    const path = joinPath(place.path, node.name);
    const name = toLossless(node.name);
    if (test(name) && this.#isInTime(node)) this.#keep(foundNode(path, node), found, emit);
    if (node.type !== 'dir') return;
    const components = [...place.components, name];
    const { matched, childMayMatch } = this.#patterns.match(components);
    if (!matched && !childMayMatch) return;
    const below = await this.#visit(node.subtree, { path, components, matched }, emit);
    if (below.items.length > 0) found.items.push(below);
    found.isWhole &&= below.isWhole;
  }

  #keep(listed: FoundNode, found: Found, emit: Emit): void {
    emit(listed);
    if (this.#kept++ < keptEntries) found.items.push(listed);
    else found.isWhole = false;
  }

  #isInTime({ mtimeNs }: TreeNode): boolean {
    const { oldestNs, newestNs } = this.#options;
    return (oldestNs === undefined || mtimeNs >= oldestNs) && (newestNs === undefined || mtimeNs <= newestNs);
  }
}

function nothing(): Found {
  return { items: [], isWhole: true };
}

function tellAgain(found: Found, emit: Emit): void {
  for (const item of found.items) {
    if ('items' in item) tellAgain(item, emit);
    else emit(item);
  }
}
