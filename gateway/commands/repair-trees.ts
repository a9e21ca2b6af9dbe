/**
 * What is left of folders whose blobs were lost: files keep the chunks that are there, folders that
 * cannot be read become empty. Works on the stored JSON, so that fields which we do not know stay.
 * Trees in which nothing is wrong keep their ids.
 */

import { BlobSet } from '../repository/blob-set.js';
import { encodeGoJson, type JsonValue, parseGoJson } from '../repository/go-json.js';
import type { Repository } from '../repository/repository.js';
import type { CallOptions } from '../repository/types.js';
import { treeDamaged } from '../tree/errors.js';
import { type JsonObject, readFlatObject, readNumber, readText, readTexts } from '../tree/json-fields.js';
import { throwIfAborted, throwIfBucketFailed } from './abort.js';

export interface TreeChange {
  /** From the root of the snapshot, as stored names. */
  readonly path: string;
  readonly what: 'content-lost' | 'size-wrong' | 'folder-lost' | 'type-unknown';
}

const knownTypes = new Set(['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket']);

export interface TreeRepairOptions extends CallOptions {
  /** Without it trees are only looked through, and changed ones get no new id. */
  readonly save: boolean;
  readonly onChange: (change: TreeChange) => void;
}

/** Repairs trees, each once however many snapshots hold it. */
export class TreeRepairer {
  readonly #repository: Repository;
  readonly #options: TreeRepairOptions;
  /** Trees that were looked through: what stands in their place, only where it differs. */
  readonly #replaced = new Map<string, string>();
  readonly #sound = new BlobSet();
  /** The trees that lead to the present one: hostile ones that hold themselves must not hang us. */
  readonly #above = new Set<string>();

  constructor(repository: Repository, options: TreeRepairOptions) {
    this.#repository = repository;
    this.#options = options;
  }

  /**
   * The id of the repaired tree, the same when nothing is wrong; undefined when the root itself
   * cannot be read.
   */
  async repair(root: string): Promise<string | undefined> {
    if ((await this.#nodesOf(root)) === undefined) {
      this.#options.onChange({ path: '/', what: 'folder-lost' });
      return undefined;
    }
    return this.#repair(root, '');
  }

  async #repair(id: string, path: string): Promise<string> {
    if (this.#options.signal) throwIfAborted(this.#options.signal);
    const number = this.#repository.stores.index.numberOf('tree', id);
    const done = number >= 0 && this.#sound.has(number) ? id : this.#replaced.get(id);
    if (done !== undefined) return done;
    const nodes = this.#above.has(id) ? undefined : await this.#nodesOf(id);
    if (nodes === undefined) this.#options.onChange({ path: path || '/', what: 'folder-lost' });
    this.#above.add(id);
    const kept = await this.#repairNodes(nodes ?? [], path);
    this.#above.delete(id);
    if (nodes !== undefined && kept === nodes) {
      this.#sound.add(number);
      return id;
    }
    const replacement = await this.#store(kept, id);
    this.#replaced.set(id, replacement);
    return replacement;
  }

  /** `nodes` itself when all are sound. */
  async #repairNodes(nodes: readonly JsonObject[], path: string): Promise<readonly JsonObject[]> {
    const kept: JsonObject[] = [];
    let changed = false;
    for (const node of nodes) {
      const repaired = await this.#repairNode(node, path);
      if (repaired !== node) changed = true;
      if (repaired !== undefined) kept.push(repaired);
    }
    return changed ? kept : nodes;
  }

  /** The node itself when it is sound, undefined when nothing can be kept of it. */
  async #repairNode(node: JsonObject, parent: string): Promise<JsonObject | undefined> {
    const path = `${parent}/${readText(node, 'name')}`;
    const type = readText(node, 'type');
    if (!knownTypes.has(type)) {
      this.#options.onChange({ path, what: 'type-unknown' });
      return undefined;
    }
    if (type === 'file') return this.#repairFile(node, path);
    if (type !== 'dir') return node;
    const subtree = readText(node, 'subtree');
    const repaired = subtree === '' ? await this.#emptyFolder(path) : await this.#repair(subtree, path);
    return repaired === subtree ? node : { ...node, subtree: repaired };
  }

  async #emptyFolder(path: string): Promise<string> {
    this.#options.onChange({ path, what: 'folder-lost' });
    return this.#store([], '');
  }

  #repairFile(node: JsonObject, path: string): JsonObject {
    const content = readTexts(node, 'content');
    const sizes = content.map((id) => this.#repository.blobSize('data', id));
    const left = content.filter((_id, at) => sizes[at] !== undefined);
    const size = sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
    const isWhole = left.length === content.length && Array.isArray(node['content']);
    if (isWhole && size === readNumber(node, 'size')) return node;
    this.#options.onChange({ path, what: isWhole ? 'size-wrong' : 'content-lost' });
    return withSize({ ...node, content: left }, size);
  }

  /** Undefined when the tree is lost or damaged. */
  async #nodesOf(id: string): Promise<JsonObject[] | undefined> {
    const { signal } = this.#options;
    try {
      if (!this.#repository.hasBlob('tree', id)) return undefined;
      const blob = await this.#repository.loadBlob('tree', id, signal ? { signal } : {});
      const nodes = readFlatObject(parseGoJson(blob) as JsonValue, 'the tree')['nodes'] ?? [];
      if (!Array.isArray(nodes)) throw treeDamaged('it has no list of nodes');
      return nodes.map((node: JsonValue) => readFlatObject(node, 'a node'));
    } catch (error) {
      if (signal) throwIfAborted(signal);
      throwIfBucketFailed(error);
      return undefined;
    }
  }

  async #store(nodes: readonly JsonObject[], id: string): Promise<string> {
    if (!this.#options.save) return `${id}, repaired`;
    const tree = Buffer.from(`{"nodes":[${nodes.map((node) => encodeGoJson(node)).join(',')}]}\n`);
    return (await this.#repository.saveBlob('tree', tree)).id;
  }
}

/** `size` stands where restic has it, after the inode's fields; none at all when it is 0. */
function withSize(node: JsonObject, size: number): JsonObject {
  const result: Record<string, JsonValue | undefined> = {};
  const after = new Set([
    'links',
    'linktarget',
    'linktarget_raw',
    'extended_attributes',
    'generic_attributes',
    'device',
    'content',
    'subtree',
    'error',
  ]);
  let placed = size === 0;
  for (const [key, value] of Object.entries(node)) {
    if (key === 'size') continue;
    if (!placed && after.has(key)) {
      result['size'] = size;
      placed = true;
    }
    result[key] = value;
  }
  return result;
}
