/**
 * Which of what a backup finds is wanted: by name, by marker files in a folder, by size, by file
 * system. All of it is sync and made ready once per folder, because it is asked for every file of
 * every run; where nothing is left out, a folder costs one call and a file none. Names are latin1
 * strings of their bytes.
 */
import { closeSync, constants, existsSync, lstatSync, openSync, readSync } from 'node:fs';
import { joinPath, pathComponents, toLossless } from './path-bytes.js';
import { compilePatterns, type PatternList } from './patterns.js';

export interface SelectionOptions {
  /** Patterns of what to leave out; see `patterns.ts`. */
  readonly excludes?: readonly string[];
  /** The same, where upper and lower case are one. A `!` here takes nothing of `excludes` back. */
  readonly insensitiveExcludes?: readonly string[];
  /** Of a folder with one of these files keep only that file. */
  readonly excludeIfPresent?: readonly FolderMarker[];
  /** Of a folder with a valid CACHEDIR.TAG keep only that file. */
  readonly excludeCaches?: boolean;
  /** Files of more bytes than this are left out. */
  readonly excludeLargerThan?: number;
  /** Stay on the file system of each starting point. Mount points themselves are kept, empty. */
  readonly oneFileSystem?: boolean;
}

export interface FolderMarker {
  readonly fileName: string;
  /** The file must begin with these bytes; empty for any content. */
  readonly header: string;
}

/** The Cache Directory Tagging Specification asks for exactly these first bytes. */
const cacheMarker: FolderMarker = {
  fileName: 'CACHEDIR.TAG',
  header: 'Signature: 8a477f597d28d172789f06886806bc55',
};

/** Is an entry of the folder left out? `name` is latin1. */
export type NameFilter = (name: string) => boolean;

export class FileSelection {
  readonly #patterns: readonly PatternList[];
  readonly #markers: readonly FolderMarker[];
  readonly #devices = new Map<string, bigint>();
  readonly #maxSizeBytes: number;
  readonly oneFileSystem: boolean;

  /** @throws PATTERN_MALFORMED. */
  constructor(options: SelectionOptions = {}) {
    const { excludes = [], insensitiveExcludes = [], excludeIfPresent = [] } = options;
    const lists = [compilePatterns(excludes), compilePatterns(insensitiveExcludes, true)];
    this.#patterns = lists.filter((list) => !list.isEmpty);
    this.#markers = options.excludeCaches ? [...excludeIfPresent, cacheMarker] : excludeIfPresent;
    this.#maxSizeBytes = options.excludeLargerThan ?? Number.POSITIVE_INFINITY;
    this.oneFileSystem = options.oneFileSystem ?? false;
  }

  /**
   * Tells on which file systems the starting points are, so that a starting point below another
   * one keeps its own. Absolute, clean paths; those that cannot be looked at are passed over.
   */
  startAt(paths: readonly Buffer[]): void {
    if (!this.oneFileSystem) return;
    for (const path of paths) {
      const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      if (stat !== undefined) this.#devices.set(path.toString('latin1'), stat.dev);
    }
  }

  /**
   * What is left out of a folder that is itself wanted; undefined when nothing is.
   * `has` tells whether the folder holds a name.
   */
  inFolder(folder: Buffer, has: (name: string) => boolean): NameFilter | undefined {
    const marked = this.#markedFilter(folder, has);
    if (this.#patterns.length === 0) return marked;
    const components = pathComponents(folder).map(toLossless);
    const tests = this.#patterns.map((list) => list.inFolder(components));
    return (name) => {
      const text = losslessOf(name);
      return tests.some((test) => test(text)) || marked?.(name) === true;
    };
  }

  /** Is a starting point left out, by its own path or by a marker beside it? */
  excludesPath(path: Buffer): boolean {
    const components = pathComponents(path);
    const texts = components.map(toLossless);
    if (this.#patterns.some((list) => list.match(texts).matched)) return true;
    const name = components.pop();
    if (name === undefined || this.#markers.length === 0) return false;
    const folder = components.reduce(joinPath, Buffer.from('/'));
    const has = (other: string) => existsSync(joinPath(folder, Buffer.from(other, 'latin1')));
    return this.#markedFilter(folder, has)?.(name.toString('latin1')) === true;
  }

  /** Of everything but folders. */
  isTooLarge(sizeBytes: number | bigint): boolean {
    return sizeBytes > this.#maxSizeBytes;
  }

  /** The st_dev to stay on below a path: that of the nearest starting point above, else `own`. */
  deviceOf(path: Buffer, own: bigint): bigint {
    if (!this.oneFileSystem) return own;
    for (let text = path.toString('latin1'); ; text = text.slice(0, text.lastIndexOf('/')) || '/') {
      const device = this.#devices.get(text);
      if (device !== undefined) return device;
      if (text === '/' || !text.includes('/')) return own;
    }
  }

  #markedFilter(folder: Buffer, has: (name: string) => boolean): NameFilter | undefined {
    let kept: string | undefined;
    for (const { fileName, header } of this.#markers) {
      const name = Buffer.from(fileName).toString('latin1');
      if (name === kept || !has(name) || !beginsWith(joinPath(folder, Buffer.from(fileName)), header))
        continue;
      // Two different markers leave nothing: each rejects the other.
      if (kept !== undefined) return () => true;
      kept = name;
    }
    return kept === undefined ? undefined : (name) => name !== kept;
  }
}

function losslessOf(name: string): string {
  for (let at = 0; at < name.length; at++) {
    if (name.charCodeAt(at) > 0x7f) return toLossless(Buffer.from(name, 'latin1'));
  }
  return name;
}

/** A pipe of that name must not hold us up. */
const readOnly = constants.O_RDONLY | constants.O_NONBLOCK;

/** A marker that cannot be read marks nothing: what it might hide is backed up. */
function beginsWith(path: Buffer, header: string): boolean {
  if (header === '') return true;
  const expected = Buffer.from(header);
  try {
    const file = openSync(path, readOnly);
    try {
      const begin = Buffer.alloc(expected.length);
      return readSync(file, begin, 0, begin.length, 0) === begin.length && begin.equals(expected);
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}
