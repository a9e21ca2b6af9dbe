/**
 * Walks a stored folder in the order of its trees: into each folder, its entries, out again. Does
 * not recurse, so that depth costs memory only. Names that would lead elsewhere are never yielded
 * as entries.
 */
import { displayPath, joinPath, toLossless } from '../files/path-bytes.js';
import { compilePatterns, type PatternList } from '../files/patterns.js';
import type { Repository } from '../repository/repository.js';
import type { TreeNode } from '../tree/node.js';
import { decodeTree } from '../tree/tree.js';
import { hostileName } from './errors.js';

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

export class Selection {
  readonly #includes: PatternList;
  readonly #excludes: PatternList;

  /** @throws PATTERN_MALFORMED. */
  constructor(includes: readonly string[] = [], excludes: readonly string[] = []) {
    this.#includes = compilePatterns(includes);
    this.#excludes = compilePatterns(excludes);
  }

  decide(components: readonly string[]): { selected: boolean; childMayBeSelected: boolean } {
    if (this.#excludes.match(components).matched) return { selected: false, childMayBeSelected: false };
    if (this.#includes.isEmpty) return { selected: true, childMayBeSelected: true };
    const { matched, childMayMatch } = this.#includes.match(components);
    return { selected: matched, childMayBeSelected: matched || childMayMatch };
  }
}

interface OpenFolder {
  readonly nodes: readonly TreeNode[];
  next: number;
  readonly path: Buffer;
  readonly components: readonly string[];
  /** Undefined for the top. */
  readonly place: Place | undefined;
}

/**
 * `tree` is the id of the top folder's tree. Ends early when `signal` aborts: look at it afterwards.
 * @throws what the repository throws for the top folder.
 */
export async function* walkSnapshot(
  repository: Repository,
  tree: string,
  selection: Selection,
  signal?: AbortSignal,
): AsyncGenerator<WalkStep, void, undefined> {
  const call = signal === undefined ? {} : { signal };
  const load = async (id: string) => decodeTree(await repository.loadBlob('tree', id, call));
  const top = { path: Buffer.alloc(0), components: [], place: undefined };
  const stack: OpenFolder[] = [{ ...top, nodes: await load(tree), next: 0 }];
  for (let folder = stack.at(-1); folder !== undefined; folder = stack.at(-1)) {
    const node = folder.nodes[folder.next++];
    if (node === undefined) {
      stack.pop();
      if (folder.place !== undefined) yield { kind: 'leave', ...folder.place };
      continue;
    }
    const opened = yield* visit(node, folder, selection, load);
    if (opened !== undefined) stack.push(opened);
    if (signal?.aborted === true) return;
  }
}

/** Yields the node's step. @returns the folder to go on with, when it is one. */
async function* visit(
  node: TreeNode,
  { path: above, components }: OpenFolder,
  selection: Selection,
  load: (id: string) => Promise<TreeNode[]>,
): AsyncGenerator<WalkStep, OpenFolder | undefined, undefined> {
  const step = stepOf(node, above, selection.decide([...components, toLossless(node.name)]));
  if (step?.kind !== 'enter') {
    if (step !== undefined) yield step;
    return undefined;
  }
  const opened = await openFolder(step, components, load);
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
  { selected, childMayBeSelected }: ReturnType<Selection['decide']>,
): WalkStep | undefined {
  const path = joinPath(folder, node.name);
  if (isHostile(node.name)) return { kind: 'broken', path, error: hostileName(displayPath(node.name)) };
  if (node.type !== 'dir') return selected ? { kind: 'leaf', path, node, selected } : undefined;
  if (!selected && !childMayBeSelected) return undefined;
  return { kind: 'enter', path, node, selected, descend: true };
}

async function openFolder(
  { path, node, selected }: EnterStep,
  above: readonly string[],
  load: (id: string) => Promise<TreeNode[]>,
) {
  try {
    const nodes = node.subtree === undefined ? [] : await load(node.subtree);
    const components = [...above, toLossless(node.name)];
    const folder: OpenFolder = { nodes, next: 0, path, components, place: { path, node, selected } };
    return { kind: 'opened' as const, folder };
  } catch (error) {
    return { kind: 'broken' as const, path, error };
  }
}

function isHostile(name: Buffer): boolean {
  const text = name.toString('latin1');
  return text === '' || text === '.' || text === '..' || text.includes('/') || text.includes('\0');
}
