/**
 * Watches every folder below some roots and tells which of them changed. It knows when it has lost
 * track (a gap) and says so rather than miss a change. What is written through a memory map after
 * the file was closed the kernel does not tell; see inotify(7).
 */
import { lstatSync, readdirSync } from 'node:fs';
import { systemCode } from '../../core/errors.js';
import { joinPath } from '../files/path-bytes.js';
import { type Inotify, type InotifyEvent, masks } from './inotify.js';

/** A folder in a map: its path, one character per byte. */
const nameOf = (path: Buffer) => path.toString('latin1');
const pathOf = (name: string) => Buffer.from(name, 'latin1');

/** Folders looked at before other work gets its turn. */
const foldersPerTurn = 200;

export interface WatchTreeOptions {
  readonly inotify: Inotify;
  /** Absolute paths. */
  readonly roots: readonly Buffer[];
  /** Folders that need no watch, with all that they hold. */
  readonly isLeftOut: (folder: Buffer) => boolean;
  /** A folder's entries, or what they hold, may have changed. Paths with one character per byte. */
  readonly onChange: (folder: string) => void;
  /** Track is lost; nothing more is told. */
  readonly onGap: (reason: string) => void;
  /** Most folders; each takes about 1 KiB of kernel memory. */
  readonly mostFolders: number;
}

export class WatchTree {
  readonly #options: WatchTreeOptions;
  readonly #folders = new Map<number, string>();
  readonly #watches = new Map<string, number>();
  #broken = false;

  constructor(options: WatchTreeOptions) {
    this.#options = options;
  }

  get folderCount(): number {
    return this.#watches.size;
  }

  /** Watches all folders; lets other work go on in between. */
  async begin(pause: () => Promise<void>): Promise<void> {
    let done = 0;
    for (const root of this.#options.roots) {
      const pending = [root];
      for (let folder = pending.pop(); folder !== undefined && !this.#broken; folder = pending.pop()) {
        this.#watch(folder, pending, { isRoot: folder === root });
        if (++done % foldersPerTurn === 0) await pause();
      }
    }
  }

  /** Takes in all that has happened until now. */
  drain(): void {
    for (const event of this.#options.inotify.events()) {
      if (this.#broken) return;
      this.#take(event);
    }
  }

  #take({ watch, mask, name }: InotifyEvent): void {
    const has = (bits: number) => (mask & bits) !== 0;
    const folder = this.#folders.get(watch);
    if (has(masks.overflow)) this.#gap('too many changes at once');
    else if (folder === undefined) return;
    else if (has(masks.unmount)) this.#gap(`${folder} was unmounted`);
    else if (has(masks.ignored)) this.#forget(watch, folder);
    else if (has(masks.moveSelf) && this.#isRoot(folder)) this.#gap(`${folder} was moved`);
    else {
      this.#options.onChange(folder);
      if (name.length > 0) this.#takeEntry(mask, joinPath(pathOf(folder), name));
    }
  }

  #takeEntry(mask: number, inside: Buffer): void {
    const isFolder = (mask & masks.isFolder) !== 0;
    const isNew = (mask & (masks.create | masks.movedTo)) !== 0;
    if (isFolder && (mask & masks.movedFrom) !== 0) this.#dropBelow(nameOf(inside));
    if (isFolder && isNew) this.#watchNew(inside);
    if (!isFolder && isNew) this.#lookForNames(inside);
  }

  /** The folders of a file's other names are not told of a new one, though its link count changed. */
  #lookForNames(file: Buffer): void {
    const found = lstatSync(file, { throwIfNoEntry: false });
    if (found?.isFile() && found.nlink > 1) this.#gap(`${nameOf(file)} is a further name of some file`);
  }

  /** What a new folder holds may have come before its watch, so that all of it counts as changed. */
  #watchNew(folder: Buffer): void {
    const pending = [folder];
    for (let next = pending.pop(); next !== undefined && !this.#broken; next = pending.pop()) {
      this.#options.onChange(nameOf(next));
      this.#watch(next, pending, { isRoot: false, isNew: true });
    }
  }

  /** The watch comes before the listing: what appears between them is told twice, never missed. */
  #watch(folder: Buffer, pending: Buffer[], { isRoot = false, isNew = false }): void {
    if (!isRoot && this.#options.isLeftOut(folder)) return;
    if (this.#watches.size >= this.#options.mostFolders) {
      this.#gap(`there are more than ${this.#options.mostFolders} folders`);
      return;
    }
    const result = this.#options.inotify.add(folder);
    if ('refused' in result) {
      this.#refused(folder, result.refused, isRoot);
      return;
    }
    const name = nameOf(folder);
    this.#folders.set(result.watch, name);
    this.#watches.set(name, result.watch);
    try {
      for (const entry of readdirSync(folder, { withFileTypes: true, encoding: 'buffer' })) {
        const inside = joinPath(folder, entry.name);
        if (entry.isDirectory()) pending.push(inside);
        else if (isNew) this.#lookForNames(inside);
      }
    } catch (error) {
      if (!isGone(systemCode(error))) this.#gap(`${name} cannot be listed`);
    }
  }

  #refused(folder: Buffer, code: string, isRoot: boolean): void {
    if (code === 'ENOSPC') {
      this.#gap('the kernel has no more inotify watches; raise fs.inotify.max_user_watches with sysctl');
    } else if (isRoot || !isGone(code)) {
      this.#gap(`${nameOf(folder)} cannot be watched (${code})`);
    }
  }

  #dropBelow(top: string): void {
    for (const [name, watch] of this.#watches) {
      if (name !== top && !name.startsWith(`${top}/`)) continue;
      this.#options.inotify.remove(watch);
      this.#watches.delete(name);
      this.#folders.delete(watch);
    }
  }

  #forget(watch: number, folder: string): void {
    this.#folders.delete(watch);
    if (this.#watches.get(folder) === watch) this.#watches.delete(folder);
    if (this.#isRoot(folder)) this.#gap(`${folder} was removed`);
  }

  #isRoot(folder: string): boolean {
    return this.#options.roots.some((root) => nameOf(root) === folder);
  }

  #gap(reason: string): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#options.onGap(reason);
  }
}

function isGone(code: string | undefined): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR';
}
