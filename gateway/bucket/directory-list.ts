/** Walks the files of a directory bucket below a key prefix. Files that go meanwhile are left out. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../core/errors.js';
import type { BucketEntry } from './bucket.js';

const statsAtOnce = 32;

type Found =
  | { readonly kind: 'file'; readonly entry: BucketEntry }
  | { readonly kind: 'folder'; key: string };

/** `hidden` is a name at the top that is not listed. */
export async function* listFolder(root: string, prefix: string, hidden: string): AsyncGenerator<BucketEntry> {
  const pending = [prefix.slice(0, prefix.lastIndexOf('/') + 1)];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for await (const found of readFolder(root, folder)) {
      if (found.kind === 'file') {
        if (found.entry.key.startsWith(prefix)) yield found.entry;
      } else if (found.key !== hidden && isOnTheWay(found.key, prefix)) {
        pending.push(`${found.key}/`);
      }
    }
  }
}

/** A prefix may end inside a name: `keys/ab` finds `keys/abcd` and all below `keys/abc/`. */
function isOnTheWay(folderKey: string, prefix: string): boolean {
  return folderKey.startsWith(prefix) || prefix.startsWith(`${folderKey}/`);
}

async function* readFolder(root: string, folder: string): AsyncGenerator<Found> {
  const names = (await orNothing(readdir(join(root, folder), { withFileTypes: true }))) ?? [];
  for (let at = 0; at < names.length; at += statsAtOnce) {
    const batch = names.slice(at, at + statsAtOnce);
    const found = await Promise.all(batch.map((name) => look(root, `${folder}${name.name}`, name)));
    yield* found.filter((item) => item !== undefined);
  }
}

/** Undefined for what is neither file nor folder, or is gone. Links are followed. */
async function look(root: string, key: string, name: Dirent): Promise<Found | undefined> {
  if (name.isDirectory()) return { kind: 'folder', key };
  const found = await orNothing(stat(join(root, key)));
  if (found?.isDirectory()) return { kind: 'folder', key };
  return found?.isFile()
    ? { kind: 'file', entry: { key, sizeBytes: found.size, modifiedMs: found.mtimeMs } }
    : undefined;
}

async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
