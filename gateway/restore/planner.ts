/**
 * Makes the plan of a restore: walks the snapshot beside what is in the target and writes nothing.
 * Content that is there is compared while the walk goes on. No node outlives its step.
 */
import { readdirSync } from 'node:fs';
import { GatehouseError } from '../../core/errors.js';
import { throwIfAborted } from '../commands/abort.js';
import type { Selection, WalkStep } from '../commands/snapshot-walk.js';
import { blobMissing } from '../errors.js';
import { joinPath, pathComponents, toLossless } from '../files/path-bytes.js';
import { sealOverheadBytes } from '../repository/crypto.js';
import type { Repository } from '../repository/repository.js';
import type { TreeNode } from '../tree/node.js';
import type { Comparer } from './comparer.js';
import type { EntryOwner } from './entry-record.js';
import { entryImpossible } from './errors.js';
import { actionForFile, actionForSpecial, isFolder, lookAt, mustStay } from './existing.js';
import { type Action, actions, type Kind, kindOfType, kinds, type OverwriteRule } from './kinds.js';
import type { Chunk, RestorePlan } from './plan.js';
import type { RestoreTally } from './tally.js';

export interface PlannerParts {
  readonly repository: Repository;
  readonly plan: RestorePlan;
  readonly selection: Selection;
  readonly rule: OverwriteRule;
  /** Delete what the snapshot does not have, as far as it is selected. */
  readonly deleteExtra: boolean;
  readonly comparer: Comparer;
  readonly tally: RestoreTally;
  readonly signal: AbortSignal;
  readonly ownerOf: (node: TreeNode) => EntryOwner;
  readonly attributeWanted: (name: Buffer) => boolean;
}

interface OpenFolder {
  /** In the snapshot's terms. */
  readonly path: Buffer;
  readonly node: TreeNode | undefined;
  readonly selected: boolean;
  /** Nothing is in it, because it is not there yet. */
  readonly fresh: boolean;
  readonly action: Action;
  /** Its number in the plan, once something in it is restored. */
  entry: number | undefined;
  /** Names in the snapshot as latin1; only when extra ones are deleted. */
  readonly names: Set<string> | undefined;
}

export class Planner {
  readonly #parts: PlannerParts;
  readonly #folders: OpenFolder[];
  /** First names of files that have several, by device and inode, and how many names are to come. */
  readonly #firstNames = new Map<string, { readonly entry: number; left: number }>();

  /** @param targetExists a folder is there to be restored into. */
  constructor(parts: PlannerParts, targetExists: boolean) {
    this.#parts = parts;
    const action = targetExists ? actions.update : actions.create;
    const entry = parts.plan.add(
      { ...this.#recordParts(targetNode, kinds.folder, 0), size: 0 },
      action,
      true,
    );
    const names = this.#namesFor(!targetExists);
    const path = Buffer.alloc(0);
    this.#folders = [{ path, node: undefined, selected: false, fresh: !targetExists, action, entry, names }];
  }

  /** The plan is complete when it resolves. @throws INTERRUPTED, and what a walk throws. */
  async run(walk: AsyncIterable<WalkStep>): Promise<void> {
    for await (const step of walk) {
      throwIfAborted(this.#parts.signal);
      if (step.kind === 'broken') this.#broken(step.path, step.error);
      else if (step.kind === 'enter') this.#enter(step);
      else if (step.kind === 'leave') this.#leave();
      else await this.#leaf(step.path, step.node);
    }
    throwIfAborted(this.#parts.signal);
    this.#leave();
    await this.#parts.comparer.finish();
  }

  #broken(path: Buffer, error: unknown): void {
    this.#note(path);
    this.#parts.tally.error(path, error);
  }

  #enter(step: Extract<WalkStep, { kind: 'enter' }>): void {
    const { path, node, selected } = step;
    this.#note(path);
    const place = this.#placeOfFolder(path, node);
    if (place === undefined) {
      step.descend = false;
      return;
    }
    const folder: OpenFolder = {
      path,
      node,
      selected,
      ...place,
      entry: undefined,
      names: this.#namesFor(place.fresh),
    };
    this.#folders.push(folder);
    if (selected) this.#entryOf(folder);
  }

  /** Undefined when the folder cannot be where it must; that is told. */
  #placeOfFolder(path: Buffer, node: TreeNode): { fresh: boolean; action: Action } | undefined {
    const { rule, tally } = this.#parts;
    if (this.#top().fresh) return { fresh: true, action: actions.create };
    try {
      const existing = lookAt(this.#diskPath(path));
      if (existing === undefined) return { fresh: true, action: actions.create };
      if (isFolder(existing)) return { fresh: false, action: actions.update };
      if (!mustStay(node, existing, rule)) return { fresh: true, action: actions.replace };
      tally.left(path, node);
    } catch (error) {
      tally.error(path, error);
    }
    return undefined;
  }

  #leave(): void {
    const folder = this.#folders.pop();
    if (folder?.names === undefined || folder.fresh) return;
    this.#planDeletions(folder, folder.names);
  }

  async #leaf(path: Buffer, node: TreeNode): Promise<void> {
    this.#note(path);
    const { tally } = this.#parts;
    const kind = kindOfType[node.type];
    try {
      if (kind === undefined || kind === kinds.folder)
        throw entryImpossible(path, `its type is ${JSON.stringify(node.type)}`);
      const existing = this.#top().fresh ? undefined : lookAt(this.#diskPath(path));
      if (existing !== undefined && mustStay(node, existing, this.#parts.rule)) {
        tally.left(path, node);
        return;
      }
      if (kind === kinds.file) await this.#file(node, existing);
      else {
        const action =
          existing === undefined
            ? actions.create
            : actionForSpecial(this.#diskPath(path), kind, node, existing);
        this.#add(node, kind, 0, action);
        tally.planned(0);
      }
    } catch (error) {
      if (this.#parts.signal.aborted) throw error;
      tally.error(path, error instanceof RangeError ? entryImpossible(path, error.message) : error);
    }
  }

  async #file(node: TreeNode, existing: ReturnType<typeof lookAt>): Promise<void> {
    const first = this.#firstNameOf(node);
    if (first !== undefined) {
      this.#add(node, kinds.hardLink, first, existing === undefined ? actions.create : actions.replace);
      this.#parts.tally.planned(0);
      return;
    }
    const chunks = this.#chunksOf(node);
    const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.sizeBytes, 0);
    const action =
      existing === undefined ? actions.create : actionForFile(node, sizeBytes, existing, this.#parts.rule);
    const entry = this.#add(node, kinds.file, sizeBytes, action);
    this.#rememberFirst(node, entry);
    const { plan, tally, comparer } = this.#parts;
    tally.planned(sizeBytes);
    if (action === actions.metadata) tally.sameBytes(sizeBytes);
    else if (action === actions.update) await comparer.add({ entry, sizeBytes, chunks });
    else {
      let offset = 0;
      for (const chunk of chunks) {
        plan.addChunk(entry, chunk.packId, chunk.packOffset, offset);
        offset += chunk.sizeBytes;
      }
    }
  }

  /** @throws BLOB_MISSING. */
  #chunksOf(node: TreeNode): Chunk[] {
    return (node.content ?? []).map((id) => {
      const place = this.#parts.repository.placeOf('data', id);
      if (place === undefined) throw blobMissing('data', id);
      const { packId, offset, length, uncompressedLength } = place;
      const sizeBytes = uncompressedLength > 0 ? uncompressedLength : length - sealOverheadBytes;
      return { id, packId, packOffset: offset, sizeBytes };
    });
  }

  #firstNameOf(node: TreeNode): number | undefined {
    const key = linkKey(node);
    const first = key === undefined ? undefined : this.#firstNames.get(key);
    if (key === undefined || first === undefined) return undefined;
    first.left -= 1;
    if (first.left === 0) this.#firstNames.delete(key);
    return first.entry;
  }

  #rememberFirst(node: TreeNode, entry: number): void {
    const key = linkKey(node);
    if (key !== undefined) this.#firstNames.set(key, { entry, left: node.links - 1 });
  }

  #add(node: TreeNode, kind: Kind, size: number, action: Action): number {
    const parent = this.#entryOf(this.#top());
    return this.#parts.plan.add({ ...this.#recordParts(node, kind, parent), size }, action);
  }

  /** Puts a folder, and those above it, into the plan when something in it is restored. */
  #entryOf(folder: OpenFolder): number {
    if (folder.entry !== undefined) return folder.entry;
    const above = this.#folders[this.#folders.indexOf(folder) - 1];
    const node = folder.node;
    if (above === undefined || node === undefined) return 0;
    const parts = { ...this.#recordParts(node, kinds.folder, this.#entryOf(above)), size: 0 };
    folder.entry = this.#parts.plan.add(parts, folder.action, !folder.selected);
    if (folder.selected) this.#parts.tally.planned(0);
    return folder.entry;
  }

  #recordParts(node: TreeNode, kind: Kind, parent: number) {
    const { ownerOf, attributeWanted } = this.#parts;
    const attributes = node.extendedAttributes.filter(({ name }) => attributeWanted(Buffer.from(name)));
    return { kind, parent, node, owner: ownerOf(node), attributes };
  }

  #planDeletions(folder: OpenFolder, names: ReadonlySet<string>): void {
    const { plan, selection, tally } = this.#parts;
    let found: Buffer[];
    try {
      found = readdirSync(this.#diskPath(folder.path), { encoding: 'buffer' });
    } catch (error) {
      tally.error(
        folder.path,
        error instanceof GatehouseError ? error : entryImpossible(folder.path, 'it cannot be listed'),
      );
      return;
    }
    for (const name of found.sort(Buffer.compare)) {
      if (names.has(name.toString('latin1'))) continue;
      const path = joinPath(folder.path, name);
      const existing = lookAt(joinPath(plan.target, path));
      if (existing === undefined) continue;
      const { selected, childMayBeSelected } = selection.decide(pathComponents(path).map(toLossless));
      const isExtraFolder = isFolder(existing);
      if (selected || (isExtraFolder && childMayBeSelected))
        plan.deletions.push({ path, isFolder: isExtraFolder });
    }
  }

  #note(path: Buffer): void {
    const { path: folder, names } = this.#top();
    names?.add(path.subarray(folder.length === 0 ? 0 : folder.length + 1).toString('latin1'));
  }

  #namesFor(fresh: boolean): Set<string> | undefined {
    return this.#parts.deleteExtra && !fresh ? new Set() : undefined;
  }

  #top(): OpenFolder {
    return this.#folders.at(-1) as OpenFolder;
  }

  #diskPath(path: Buffer): Buffer {
    return joinPath(this.#parts.plan.target, path);
  }
}

function linkKey(node: TreeNode): string | undefined {
  return node.links > 1 && node.inode !== 0n ? `${node.deviceId} ${node.inode}` : undefined;
}

/** Stands for the target itself, whose own metadata stay. */
const targetNode: TreeNode = {
  name: Buffer.alloc(0),
  type: 'dir',
  mode: 0,
  mtimeNs: 0n,
  atimeNs: 0n,
  ctimeNs: 0n,
  uid: 0,
  gid: 0,
  user: '',
  group: '',
  inode: 0n,
  deviceId: 0n,
  sizeBytes: 0,
  links: 0,
  extendedAttributes: [],
  device: 0n,
  content: null,
  error: '',
};
