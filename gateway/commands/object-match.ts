/** Finds the objects that an operand of `cp`, `ls` and `rm` means. */
import type { Bucket, BucketEntry, CallOptions } from '../bucket/bucket.js';
import { fixedPrefix, keyTest, type Operand } from '../bucket/operand.js';

export interface FoundObject extends BucketEntry {
  /** Name below a target folder: the last part of the key, or with the named folder and all below it. */
  readonly name: string;
  /** Name below the folder that was named itself; undefined for an object that was named itself. */
  readonly inside?: string;
}

/**
 * Without `recursive` only objects that the path itself names or matches; with it also all below
 * folders that it names or matches. In the order of the store's listing.
 */
export async function* findObjects(
  bucket: Bucket,
  operand: Operand,
  recursive: boolean,
  options: CallOptions,
): AsyncGenerator<FoundObject> {
  if (operand.hasWildcard) return yield* matchObjects(bucket, operand.path, recursive, options);
  const { path } = operand;
  if (!operand.isFolder) {
    const found = await bucket.describe(path, options);
    if (found !== undefined) return yield { ...found, name: lastPart(path) };
  }
  if (!recursive) return;
  const folder = path === '' ? '' : `${path}/`;
  const name = path === '' ? bucketName(operand) : lastPart(path);
  for await (const entry of bucket.list(folder, options)) {
    const inside = entry.key.slice(folder.length);
    // Some tools store an empty object for a folder; it has no name to be copied to.
    if (inside !== '' && !inside.endsWith('/')) yield { ...entry, inside, name: `${name}/${inside}` };
  }
}

async function* matchObjects(
  bucket: Bucket,
  pattern: string,
  recursive: boolean,
  options: CallOptions,
): AsyncGenerator<FoundObject> {
  const matches = keyTest(pattern);
  for await (const entry of bucket.list(fixedPrefix(pattern), options)) {
    const { key } = entry;
    if (key.endsWith('/')) continue;
    if (matches(key)) {
      yield { ...entry, name: lastPart(key) };
      continue;
    }
    const folder = recursive ? foldersOf(key).find(matches) : undefined;
    if (folder === undefined) continue;
    const inside = key.slice(folder.length + 1);
    yield { ...entry, inside, name: `${lastPart(folder)}/${inside}` };
  }
}

/** `a/b/c`: `a`, `a/b`. */
function foldersOf(key: string): string[] {
  const parts = key.split('/');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'));
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function bucketName({ store }: Operand): string {
  return store.kind === 's3' ? store.bucket : lastPart(store.path);
}
