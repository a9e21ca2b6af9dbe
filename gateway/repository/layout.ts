/** Where a repository's files lie in its bucket, and what counts as an id. */
import { createHash } from 'node:crypto';
import type { FileKind } from './types.js';

export const configKey = 'config';

const folders: Readonly<Record<FileKind, string>> = {
  key: 'keys/',
  lock: 'locks/',
  snapshot: 'snapshots/',
  index: 'index/',
  pack: 'data/',
};

const idPattern = /^[0-9a-f]{64}$/;

/** True for 64 lower-case hex digits; other names in a folder are not ours and are passed over. */
export function isId(text: string): boolean {
  return idPattern.test(text);
}

/** The prefix under which files of that kind are listed. */
export function folderOf(kind: FileKind): string {
  return folders[kind];
}

export function keyOf(kind: FileKind, id: string): string {
  return kind === 'pack' ? `${folders.pack}${id.slice(0, 2)}/${id}` : `${folders[kind]}${id}`;
}

/** The id in a listed key, or undefined when the name is not an id. */
export function idFromKey(key: string): string | undefined {
  const id = key.slice(key.lastIndexOf('/') + 1);
  return isId(id) ? id : undefined;
}

/** True for the key of a file that a repository has, be it there or not; false for its config. */
export function isRepositoryKey(key: string): boolean {
  const id = idFromKey(key);
  if (id === undefined) return false;
  return (Object.keys(folders) as FileKind[]).some((kind) => keyOf(kind, id) === key);
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
