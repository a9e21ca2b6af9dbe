/**
 * The folder in which the caches of all repositories lie, one folder each, named by the id of its
 * repository. Whole caches that nobody used for long are removed.
 */
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import { makePrivateFolder } from '../../core/files.js';
import { isId } from '../repository/layout.js';

const day = 24 * 60 * 60 * 1000;
export const defaultMaxAgeMs = 30 * day;

/** Tells backup programs to leave the folder out: https://bford.info/cachedir/ */
const tag = `Signature: 8a477f597d28d172789f06886806bc55
# This is a cache of backup repositories, made by Gatehouse. It can be removed at any time.
`;

export interface CacheFolder {
  readonly repositoryId: string;
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly lastUsedMs: number;
}

/** Makes `base` with its tag and the folder of one repository, marks it as used, removes old ones. */
export async function openCacheFolder(base: string, repositoryId: string, clock: Clock): Promise<string> {
  const path = join(base, repositoryId);
  await makePrivateFolder(path);
  await writeFile(join(base, 'CACHEDIR.TAG'), tag, { flag: 'wx' }).catch(() => {});
  const now = new Date(clock.now());
  await utimes(path, now, now);
  await removeOldCaches(base, clock.now() - defaultMaxAgeMs);
  return path;
}

/** Every cache, the one used last in front; none when there is no such folder. */
export async function listCaches(base: string): Promise<CacheFolder[]> {
  const names = await readdir(base).catch(() => []);
  const found: CacheFolder[] = [];
  for (const name of names.filter(isId)) {
    const path = join(base, name);
    const stats = await stat(path).catch(() => undefined);
    if (stats?.isDirectory()) found.push({ repositoryId: name, path, lastUsedMs: stats.mtimeMs });
  }
  return found.sort((a, b) => b.lastUsedMs - a.lastUsedMs);
}

/** Removes caches last used before then. @returns those that are gone. */
export async function removeOldCaches(base: string, usedBeforeMs: number): Promise<CacheFolder[]> {
  const old = (await listCaches(base)).filter(({ lastUsedMs }) => lastUsedMs < usedBeforeMs);
  for (const { path } of old) await rm(path, { recursive: true, force: true });
  return old;
}

/** Sum of the files' sizes in a cache, bytes. */
export async function cacheSize(path: string): Promise<number> {
  let sizeBytes = 0;
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue;
    const stats = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    sizeBytes += stats?.size ?? 0;
  }
  return sizeBytes;
}
