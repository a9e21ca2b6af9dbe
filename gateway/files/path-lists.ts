/**
 * Lists of what to back up: paths with wildcards, paths as they are, or paths ended by NUL bytes.
 * Paths are bytes. Does not look whether a path without wildcards exists.
 */
import { lstat, readdir, stat } from 'node:fs/promises';
import { pathListMalformed } from './errors.js';
import { compileGlob, hasWildcards } from './glob.js';
import { fromLossless, joinPath, pathBytes, toLossless } from './path-bytes.js';

/** UTF-16 is put into UTF-8, a byte order mark is dropped; everything else stays as it is. */
export function withoutByteOrderMark(bytes: Buffer): Buffer {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return bytes.subarray(3);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return Buffer.from(bytes.toString('utf16le', 2));
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    const swapped = Buffer.from(bytes.subarray(2, bytes.length - (bytes.length % 2))).swap16();
    return Buffer.from(swapped.toString('utf16le'));
  }
  return bytes;
}

/** One path a line, as it is, also with blanks around it; only empty lines do not count. */
export function verbatimPaths(list: Buffer): Buffer[] {
  const lines = splitAt(withoutByteOrderMark(list), 0x0a);
  return lines
    .map((line) => (line.at(-1) === 0x0d ? line.subarray(0, -1) : line))
    .filter((line) => line.length > 0);
}

/** Each path ended by a NUL byte. @throws PATH_LIST_MALFORMED when one is empty or the last byte is none. */
export function rawPaths(list: Buffer): Buffer[] {
  if (list.length === 0) return [];
  if (list.at(-1) !== 0) throw pathListMalformed('its last byte is not NUL');
  const paths = splitAt(list.subarray(0, -1), 0);
  if (paths.some((path) => path.length === 0)) throw pathListMalformed('a path in it is empty');
  return paths;
}

/**
 * One pattern a line, blanks around it and lines that begin with # do not count. In the order of
 * the lines, each line's paths sorted by their bytes; `onUnmatched` is told of a line without any.
 * @throws PATTERN_MALFORMED.
 */
export async function globbedPaths(
  list: Buffer,
  workingFolder: string,
  onUnmatched: (pattern: string) => void,
): Promise<Buffer[]> {
  const lines = toLossless(withoutByteOrderMark(list)).split('\n');
  const patterns = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const paths: Buffer[] = [];
  for (const pattern of patterns) {
    const found = await expand(pattern, pathBytes(workingFolder));
    if (found.length === 0) onUnmatched(pattern);
    paths.push(...found);
  }
  return paths;
}

async function expand(pattern: string, base: Buffer): Promise<Buffer[]> {
  // All parts are read first, so that a malformed one is told even where nothing is found.
  const parts = pattern.split('/').filter((part) => part !== '');
  const tests = parts.map((part) => (hasWildcards(part) ? compileGlob(part) : undefined));
  let paths: Buffer[] = [pattern.startsWith('/') ? Buffer.from('/') : Buffer.alloc(0)];
  for (const [at, part] of parts.entries()) {
    const test = tests[at];
    const found: Buffer[] = [];
    for (const path of paths) {
      if (test === undefined) found.push(joinPath(path, fromLossless(part)));
      else found.push(...(await matchesIn(path, base, test)));
    }
    paths = found;
  }
  const there = await Promise.all(paths.map((path) => exists(absolute(path, base))));
  return paths.filter((_path, at) => there[at]);
}

/** A folder that cannot be listed has no matches. */
async function matchesIn(path: Buffer, base: Buffer, test: (name: string) => boolean): Promise<Buffer[]> {
  try {
    const folder = absolute(path, base);
    if (!(await stat(folder)).isDirectory()) return [];
    const names = await readdir(folder, { encoding: 'buffer' });
    const matching = names.filter((name) => test(toLossless(name)));
    return matching.sort(Buffer.compare).map((name) => joinPath(path, name));
  } catch {
    return [];
  }
}

function absolute(path: Buffer, base: Buffer): Buffer {
  return path[0] === 0x2f ? path : joinPath(base, path);
}

function exists(path: Buffer): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function splitAt(bytes: Buffer, separator: number): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(separator); end >= 0; end = bytes.indexOf(separator, start)) {
    parts.push(bytes.subarray(start, end));
    start = end + 1;
  }
  parts.push(bytes.subarray(start));
  return parts;
}
