/**
 * What a folder holds and which of it is wanted. Names are bytes. Nothing is followed: a symbolic
 * link is an entry of its own. A name that cannot be read is handed to `onError` and passed over.
 */
import { type BigIntStats, constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { systemCode } from '../../core/errors.js';
import { fileFailed } from './errors.js';
import { joinPath, pathComponents, toLossless } from './path-bytes.js';
import { compilePatterns, type PatternList } from './patterns.js';

export interface ScanOptions {
  /** Patterns of what to leave out; see `patterns.ts`. */
  readonly excludes?: readonly string[];
  /** Stay on the file system of each starting point. Mount points themselves are kept, empty. */
  readonly oneFileSystem?: boolean;
  /** Of a folder with a valid CACHEDIR.TAG keep only that file. */
  readonly excludeCaches?: boolean;
}

export interface FoundEntry {
  readonly path: Buffer;
  readonly name: Buffer;
  readonly stat: BigIntStats;
}

/** Told of each path that could not be read. The error is a FILE_FAILED. */
export type ScanErrorHandler = (path: Buffer, error: unknown) => void;

export class Scanner {
  readonly #patterns: PatternList;
  readonly #options: ScanOptions;

  /** @throws PATTERN_MALFORMED. */
  constructor(options: ScanOptions = {}) {
    this.#options = options;
    this.#patterns = compilePatterns(options.excludes ?? []);
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
    if (this.#options.oneFileSystem === true && folder.stat.dev !== device) return;
    const components = pathComponents(folder.path).map(toLossless);
    for (const name of await this.#namesOf(folder.path)) {
      if (this.#isExcluded(components, name)) continue;
      const entry = await statEntry(joinPath(folder.path, name), name, onError);
      if (entry !== undefined && this.#isOnDevice(entry, device)) yield entry;
    }
  }

  /** Is this path itself excluded, by its name or that of a folder above? */
  excludes(path: Buffer): boolean {
    return this.#patterns.match(pathComponents(path).map(toLossless)).matched;
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

  #isExcluded(folder: readonly string[], name: Buffer): boolean {
    return !this.#patterns.isEmpty && this.#patterns.match([...folder, toLossless(name)]).matched;
  }

  #isOnDevice(entry: FoundEntry, device: bigint): boolean {
    return this.#options.oneFileSystem !== true || entry.stat.isDirectory() || entry.stat.dev === device;
  }

  async #namesOf(folder: Buffer): Promise<Buffer[]> {
    const names = await listNames(folder);
    if (this.#options.excludeCaches === true && names.some((name) => name.equals(tagName))) {
      if (await isCacheTag(joinPath(folder, tagName))) return [tagName];
    }
    return names;
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

const tagName = Buffer.from('CACHEDIR.TAG');
/** The Cache Directory Tagging Specification asks for exactly these first bytes. */
const tagSignature = Buffer.from('Signature: 8a477f597d28d172789f06886806bc55');

/** A pipe of that name must not hold us up. */
const readOnly = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

async function isCacheTag(path: Buffer): Promise<boolean> {
  try {
    const file = await open(path, readOnly);
    try {
      const { buffer } = await file.read(Buffer.alloc(tagSignature.length), 0, tagSignature.length, 0);
      return buffer.equals(tagSignature);
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}
