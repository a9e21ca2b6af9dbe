/**
 * Walks a stored folder in the order of its trees: into each folder, its entries, out again. Does
 * not recurse, so that depth costs memory only. Names that would lead elsewhere, and names that a
 * folder holds twice, are never yielded as entries. Ends with an error in trees made to explode.
 */
import { hasCode } from '../../core/errors.js';
import { displayPath, joinPath, toLossless } from '../files/path-bytes.js';
import { compilePatterns, type PatternList } from '../files/patterns.js';
import type { Repository } from '../repository/repository.js';
import type { TreeNode } from '../tree/node.js';
import { decodeTree } from '../tree/tree.js';
import { CopyGuard, pathLimitBytes } from './copy-guard.js';
import { hostileName, pathTooDeep, repeatedName, treeTooLarge } from './errors.js';

interface Place {
  /** From the top of the walk, without a leading slash. */
  readonly path: Buffer;
  readonly node: TreeNode;
  /** False for folders that are only on the way to something selected. */
  readonly selected: boolean;
}

export interface EnterStep extends Place {
  readonly kind: 'enter';
  /** Set it to false to pass the folder over; then there is no `leave`. */
  descend: boolean;
}

export type WalkStep =
  | EnterStep
  | (Place & { readonly kind: 'leaf' | 'leave' })
  /** A folder's record that cannot be read, or a name that is refused. */
  | { readonly kind: 'broken'; readonly path: Buffer; readonly error: unknown };

/** Patterns of what is wanted and what is not; the `insensitive` ones take upper and lower case as one. */
export interface SelectionPatterns {
  readonly includes?: readonly string[];
  readonly insensitiveIncludes?: readonly string[];
  readonly excludes?: readonly string[];
  readonly insensitiveExcludes?: readonly string[];
}

export class Selection {
  readonly #includes: readonly PatternList[];
  readonly #excludes: readonly PatternList[];

  /** @throws PATTERN_MALFORMED. */
  constructor(patterns: SelectionPatterns = {}) {
    const { includes = [], insensitiveIncludes = [], excludes = [], insensitiveExcludes = [] } = patterns;
    this.#includes = usedLists(includes, insensitiveIncludes);
    this.#excludes = usedLists(excludes, insensitiveExcludes);
  }

  /** True when everything is wanted. */
  get takesAll(): boolean {
    return this.#includes.length === 0 && this.#excludes.length === 0;
  }

  decide(components: readonly string[]): Decision {
    if (this.#excludes.some((list) => list.match(components).matched)) return nothing;
    if (this.#includes.length === 0) return everything;
    const matches = this.#includes.map((list) => list.match(components));
    const selected = matches.some(({ matched }) => matched);
    return { selected, childMayBeSelected: selected || matches.some(({ childMayMatch }) => childMayMatch) };
  }
}

interface Decision {
  readonly selected: boolean;
  readonly childMayBeSelected: boolean;
}

const nothing: Decision = { selected: false, childMayBeSelected: false };
const everything: Decision = { selected: true, childMayBeSelected: true };

function usedLists(plain: readonly string[], insensitive: readonly string[]): PatternList[] {
  return [compilePatterns(plain), compilePatterns(insensitive, true)].filter((list) => !list.isEmpty);
}

interface OpenFolder {
  readonly nodes: readonly TreeNode[];
  next: number;
  readonly path: Buffer;
  readonly components: readonly string[];
  /** Undefined for the top. */
  readonly place: Place | undefined;
  readonly names: NameGuard;
}

/** More than any folder's record that a file system can give; against records made to fill memory. */
const treeLimitBytes = 512 * 1024 * 1024;
/** Tells names that a folder has had already. Sorted names, as they should be, cost no memory. */
class NameGuard {
  #last: Buffer | undefined;
  #seen: Set<string> | undefined;

  isRepeated(name: Buffer, nodes: readonly TreeNode[], at: number): boolean {
    const inOrder = this.#last === undefined || Buffer.compare(this.#last, name) < 0;
    this.#last = name;
    if (inOrder && this.#seen === undefined) return false;
    this.#seen ??= new Set(nodes.slice(0, at).map((node) => node.name.toString('latin1')));
    const text = name.toString('latin1');
    const repeated = this.#seen.has(text);
    this.#seen.add(text);
    return repeated;
  }
}

/** Loads folders' records; refuses those that are too large or repeat without end. */
class TreeLoader {
  readonly #repository: Repository;
  readonly #call: { readonly signal?: AbortSignal };
  readonly #copies = new CopyGuard();

  constructor(repository: Repository, signal: AbortSignal | undefined) {
    this.#repository = repository;
    this.#call = signal === undefined ? {} : { signal };
  }

  async load(id: string): Promise<TreeNode[]> {
    if ((this.#repository.blobSize('tree', id) ?? 0) > treeLimitBytes) throw treeTooLarge(id);
    const nodes = decodeTree(await this.#repository.loadBlob('tree', id, this.#call));
    if (nodes.length > 0) this.#copies.count(id);
    return nodes;
  }
}

/**
 * `tree` is the id of the top folder's tree. Ends early when `signal` aborts: look at it afterwards.
 * @throws what the repository throws for the top folder, TREE_EXPLODES.
 */
export async function* walkSnapshot(
  repository: Repository,
  tree: string,
  selection: Selection,
  signal?: AbortSignal,
): AsyncGenerator<WalkStep, void, undefined> {
  const trees = new TreeLoader(repository, signal);
  const top = { path: Buffer.alloc(0), components: [], place: undefined };
  const stack: OpenFolder[] = [{ ...top, nodes: await trees.load(tree), next: 0, names: new NameGuard() }];
  for (let folder = stack.at(-1); folder !== undefined; folder = stack.at(-1)) {
    const node = folder.nodes[folder.next++];
    if (node === undefined) {
      stack.pop();
      if (folder.place !== undefined) yield { kind: 'leave', ...folder.place };
      continue;
    }
    const opened = yield* visit(node, folder, selection, trees);
    if (opened !== undefined) stack.push(opened);
    if (signal?.aborted === true) return;
  }
}

/** Yields the node's step. @returns the folder to go on with, when it is one. */
async function* visit(
  node: TreeNode,
  folder: OpenFolder,
  selection: Selection,
  trees: TreeLoader,
): AsyncGenerator<WalkStep, OpenFolder | undefined, undefined> {
  const { path: above, components, names, nodes, next } = folder;
  if (names.isRepeated(node.name, nodes, next - 1)) {
    const path = joinPath(above, node.name);
    yield { kind: 'broken', path, error: repeatedName(displayPath(node.name)) };
    return undefined;
  }
  const decision = selection.takesAll ? everything : selection.decide([...components, toLossless(node.name)]);
  const step = stepOf(node, above, decision);
  if (step?.kind !== 'enter') {
    if (step !== undefined) yield step;
    return undefined;
  }
  const opened = await openFolder(step, components, trees);
  if (opened.kind === 'broken') {
    yield opened;
    return undefined;
  }
  yield step;
  return step.descend ? opened.folder : undefined;
}

function stepOf(
  node: TreeNode,
  folder: Buffer,
  { selected, childMayBeSelected }: Decision,
): WalkStep | undefined {
  const path = joinPath(folder, node.name);
  if (isHostile(node.name)) return { kind: 'broken', path, error: hostileName(displayPath(node.name)) };
  if (node.type !== 'dir') return selected ? { kind: 'leaf', path, node, selected } : undefined;
  if (!selected && !childMayBeSelected) return undefined;
  return { kind: 'enter', path, node, selected, descend: true };
}

async function openFolder({ path, node, selected }: EnterStep, above: readonly string[], trees: TreeLoader) {
  try {
    if (path.length > pathLimitBytes) throw pathTooDeep();
    const nodes = node.subtree === undefined ? [] : await trees.load(node.subtree);
    const components = [...above, toLossless(node.name)];
    const place = { path, node, selected };
    const folder: OpenFolder = { nodes, next: 0, path, components, place, names: new NameGuard() };
    return { kind: 'opened' as const, folder };
  } catch (error) {
    if (hasCode(error, 'TREE_EXPLODES')) throw error;
    return { kind: 'broken' as const, path, error };
  }
}

function isHostile(name: Buffer): boolean {
  const text = name.toString('latin1');
  return text === '' || text === '.' || text === '..' || text.includes('/') || text.includes('\0');
}
