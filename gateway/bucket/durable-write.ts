/**
 * Writes a file aside, flushes it and renames it into place, making folders as needed. The new
 * name is durable when the call resolves. Unlike core's `writeFileDurably` it takes streams and
 * bears file systems that cannot flush folders.
 */
import { type FileHandle, mkdir, open, rename, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { systemCode } from '../../core/errors.js';
import { flushFolder } from '../../core/files.js';
import { sourceChanged } from './errors.js';

export interface DurableWrite {
  /** Must not exist; on the same file system as `target`. */
  readonly temporary: string;
  readonly target: string;
  readonly content: Uint8Array | Readable;
  readonly signal?: AbortSignal | undefined;
  readonly makeFolder?: MakeFolder;
}

/** Makes a folder and its missing parents. */
type MakeFolder = (folder: string) => Promise<unknown>;

/** @throws system errors; nothing is left behind then. */
export async function writeDurably(write: DurableWrite): Promise<void> {
  const makeFolder = write.makeFolder ?? makeFolderDurably;
  const file = await createPrivate(write.temporary, makeFolder);
  try {
    try {
      await writeFile(file, write.content, { signal: write.signal });
      await file.sync();
    } finally {
      await file.close();
    }
    await moveInto(write.temporary, write.target, makeFolder);
  } catch (error) {
    await unlink(write.temporary).catch(() => {});
    throw error;
  }
}

/**
 * Flushes a file of that size and renames it into place. Moved already by an earlier try that could
 * not flush the folder, it counts as moved.
 * @returns false when it lies on another file system. @throws system errors, BUCKET_FAILED for a file of another size.
 */
export async function moveDurably(
  filePath: string,
  sizeBytes: number,
  target: string,
  makeFolder: MakeFolder = makeFolderDurably,
): Promise<boolean> {
  try {
    await flushFile(filePath, sizeBytes);
    await moveInto(filePath, target, makeFolder);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EXDEV') return false;
    const moved = systemCode(error) === 'ENOENT' && (await stat(target).catch(() => undefined));
    if (!moved || moved.size !== sizeBytes) throw error;
    await flushNames(dirname(target));
    return true;
  }
}

async function flushFile(filePath: string, sizeBytes: number): Promise<void> {
  const file = await open(filePath, 'r+');
  try {
    const { size } = await file.stat();
    if (size !== sizeBytes) throw sourceChanged(filePath, sizeBytes, size);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Creates a folder and its missing parents for this user only; all new names survive a power cut.
 * @returns the outermost that it made, undefined where all were there.
 */
export async function makeFolderDurably(folder: string): Promise<string | undefined> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return undefined;
  for (let current = folder; current.length >= first.length; current = dirname(current)) {
    await flushNames(dirname(current));
  }
  return first;
}

/** Takes back what `makeFolderDurably` made, `outermost` last, as far as nobody has put anything there. */
export async function removeEmptyFolders(folder: string, outermost: string): Promise<void> {
  for (let current = folder; current.length >= outermost.length; current = dirname(current)) {
    await rmdir(current).catch(() => {});
  }
}

/** Makes created and removed names in a folder durable, where the file system can. */
export async function flushNames(folder: string): Promise<void> {
  try {
    await flushFolder(folder);
  } catch (error) {
    // Some network and FUSE file systems cannot flush a folder, and a parent may be unreadable to us.
    if (!['EINVAL', 'ENOTSUP', 'EISDIR', 'ENOENT', 'EACCES'].includes(systemCode(error) ?? '')) throw error;
  }
}

async function createPrivate(filePath: string, makeFolder: MakeFolder): Promise<FileHandle> {
  try {
    return await open(filePath, 'wx', 0o600);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    await makeFolder(dirname(filePath));
    return await open(filePath, 'wx', 0o600);
  }
}

async function moveInto(temporary: string, target: string, makeFolder: MakeFolder): Promise<void> {
  try {
    await rename(temporary, target);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    // Where the file itself is gone, so is the disk: no folder is made in the place of its root.
    await stat(temporary);
    await makeFolder(dirname(target));
    await rename(temporary, target);
  }
  await flushNames(dirname(target));
}
