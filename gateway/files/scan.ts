/**
 * What a folder holds and which of it is wanted. Names are bytes. Nothing is followed: a symbolic
 * link is an entry of its own. A name that cannot be read is handed to `onError` and passed over.
 */
import { type BigIntStats, lstatSync, readdirSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { systemCode } from '../../core/errors.js';
import { fileFailed } from './errors.js';
import { joinPath } from './path-bytes.js';
import { FileSelection } from './selection.js';

export interface FoundEntry {
  readonly path: Buffer;
  readonly name: Buffer;
  readonly stat: BigIntStats;
}

/** The numbers of a stat that a node is made of. */
export type FileStat = Pick<
  BigIntStats,
  'dev' | 'ino' | 'mode' | 'nlink' | 'uid' | 'gid' | 'rdev' | 'size' | 'atimeNs' | 'mtimeNs' | 'ctimeNs'
>;

/** Told of each path that could not be read. The error is a FILE_FAILED. */
export type ScanErrorHandler = (path: Buffer, error: unknown) => void;

export class Scanner {
  readonly #selection: FileSelection;

  constructor(selection = new FileSelection()) {
    this.#selection = selection;
  }

  /**
   * The wanted entries of a folder, sorted by the bytes of their names, one `lstat` ahead at most.
   * `device` is the st_dev of the starting point. Entries that vanish meanwhile are left out.
   * @throws FILE_FAILED when the folder cannot be listed.
   */
  async *entriesOf(
    folder: FoundEntry,
    device: bigint,
    onError: ScanErrorHandler,
  ): AsyncGenerator<FoundEntry, void, undefined> {
    const staysOn = this.#selection.deviceOf(folder.path, device);
    if (this.#selection.oneFileSystem && folder.stat.dev !== staysOn) return;
    const names = await listNames(folder.path);
    const has = (wanted: string) => names.some((name) => name.toString('latin1') === wanted);
    const isLeftOut = this.#selection.inFolder(folder.path, has);
    for (const name of names) {
      if (isLeftOut?.(name.toString('latin1')) === true) continue;
      const entry = await statEntry(joinPath(folder.path, name), name, onError);
      if (entry !== undefined && this.#fits(entry, staysOn)) yield entry;
    }
  }

  /** As `entriesOf`, all at once and without a wait: several times as fast where nothing waits for a network. */
  entriesNow(folder: FoundEntry, device: bigint, onError: ScanErrorHandler): FoundEntry[] {
    const staysOn = this.#selection.deviceOf(folder.path, device);
    if (this.#selection.oneFileSystem && folder.stat.dev !== staysOn) return [];
    const names = namesNow(folder.path);
    const has = (wanted: string) => names.includes(wanted);
    const isLeftOut = this.#selection.inFolder(folder.path, has);
    const entries: FoundEntry[] = [];
    for (const name of names) {
      if (isLeftOut?.(name) === true) continue;
      const bytes = Buffer.from(name, 'latin1');
      const entry = statNow(joinPath(folder.path, bytes), bytes, onError);
      if (entry !== undefined && this.#fits(entry, staysOn)) entries.push(entry);
    }
    return entries;
  }

  /** Is a starting point wanted, by its path and by what it is? */
  wantsStart(entry: FoundEntry): boolean {
    const device = this.#selection.deviceOf(entry.path, entry.stat.dev);
    return !this.#selection.excludesPath(entry.path) && this.#fits(entry, device);
  }

  /** Everything wanted below and including `start`; folders come before their contents. */
  async *walk(start: FoundEntry, onError: ScanErrorHandler): AsyncGenerator<FoundEntry, void, undefined> {
    const pending: FoundEntry[] = [start];
    for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
      yield entry;
      if (!entry.stat.isDirectory()) continue;
      try {
        for await (const child of this.entriesOf(entry, start.stat.dev, onError)) {
          if (child.stat.isDirectory()) pending.push(child);
          else yield child;
        }
      } catch (error) {
        onError(entry.path, error);
      }
    }
  }

  #fits({ stat }: FoundEntry, device: bigint): boolean {
    if (stat.isDirectory()) return true;
    if (this.#selection.isTooLarge(stat.size)) return false;
    return !this.#selection.oneFileSystem || stat.dev === device;
  }
}

/** Names in a folder sorted by bytes. @throws FILE_FAILED. */
export async function listNames(folder: Buffer): Promise<Buffer[]> {
  try {
    const names = await readdir(folder, { encoding: 'buffer' });
    return names.sort(Buffer.compare);
  } catch (error) {
    throw fileFailed(folder, 'list the folder', error);
  }
}

/** As latin1; sorted so, they are sorted by their bytes. @throws FILE_FAILED. */
function namesNow(folder: Buffer): string[] {
  try {
    return readdirSync(folder, { encoding: 'latin1' }).sort();
  } catch (error) {
    throw fileFailed(folder, 'list the folder', error);
  }
}

function statNow(path: Buffer, name: Buffer, onError: ScanErrorHandler): FoundEntry | undefined {
  try {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stat && { path, name, stat };
  } catch (error) {
    onError(path, fileFailed(path, 'look at the file', error));
    return undefined;
  }
}

/** The entry, or undefined when it is gone or `onError` was told. */
export async function statEntry(
  path: Buffer,
  name: Buffer,
  onError: ScanErrorHandler,
): Promise<FoundEntry | undefined> {
  try {
    return { path, name, stat: await lstat(path, { bigint: true }) };
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') onError(path, fileFailed(path, 'look at the file', error));
    return undefined;
  }
}
