/**
 * Puts one node on disk. Everything but a folder is made under a temporary name beside its place,
 * given its metadata, and renamed: an existing file, link or device is replaced in one step and
 * never written through. Folders that are links are replaced, so that nothing leads outside.
 */
import { randomBytes } from 'node:crypto';
import { chmod, lchown, link, lstat, mkdir, rename, rmdir, symlink, unlink } from 'node:fs/promises';
import { getuid } from 'node:process';
import { systemCode } from '../../core/errors.js';
import { deviceMode, permissionsOf } from '../tree/file-mode.js';
import type { TreeNode } from '../tree/node.js';
import { fileFailed } from './errors.js';
import { joinPath } from './path-bytes.js';
import type { Posix } from './posix.js';

/** A fresh name in that folder; short, so that it fits wherever the final one does. */
export function temporaryName(folder: Buffer): Buffer {
  return joinPath(folder, Buffer.from(`.gatehouse-${randomBytes(6).toString('hex')}.tmp`));
}

/**
 * Makes sure that `path` is a real folder which we may write to. What is there and is no folder
 * gives way. @throws FILE_FAILED.
 */
export async function makeFolder(path: Buffer): Promise<void> {
  try {
    await mkdir(path, 0o700);
    return;
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw fileFailed(path, 'make the folder', error);
  }
  try {
    const existing = await lstat(path);
    if (!existing.isDirectory()) {
      await unlink(path);
      await mkdir(path, 0o700);
    } else if ((existing.mode & 0o700) !== 0o700) await chmod(path, (existing.mode & 0o7777) | 0o700);
  } catch (error) {
    throw fileFailed(path, 'make the folder', error);
  }
}

/** Moves a finished temporary file to its place. @throws FILE_FAILED; the temporary file is gone then. */
export async function moveIntoPlace(temporary: Buffer, path: Buffer): Promise<void> {
  try {
    await rename(temporary, path).catch(async (error: unknown) => {
      if (systemCode(error) !== 'EISDIR') throw error;
      await rmdir(path);
      await rename(temporary, path);
    });
  } catch (error) {
    throw fileFailed(path, 'put the file in its place', error);
  } finally {
    // Renaming one name of a file onto another name of the same file leaves both.
    await unlink(temporary).catch(() => {});
  }
}

/** Another name for a file that was restored already. @throws FILE_FAILED. */
export async function placeHardLink(existing: Buffer, folder: Buffer, path: Buffer): Promise<void> {
  const temporary = temporaryName(folder);
  try {
    await link(existing, temporary);
  } catch (error) {
    throw fileFailed(path, 'make the hard link', error);
  }
  await moveIntoPlace(temporary, path);
}

/** Makes a link, fifo or device with its metadata. @throws FILE_FAILED. */
export async function placeSpecial(
  folder: Buffer,
  path: Buffer,
  node: TreeNode,
  posix: Posix,
): Promise<void> {
  const temporary = temporaryName(folder);
  try {
    await makeSpecial(temporary, node, posix);
    await applyMetadata(temporary, node, posix);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw fileFailed(path, `make the ${node.type}`, causeOf(error));
  }
  await moveIntoPlace(temporary, path);
}

async function makeSpecial(path: Buffer, node: TreeNode, posix: Posix): Promise<void> {
  if (node.type === 'symlink') await symlink(node.linkTarget ?? Buffer.alloc(0), path);
  else if (node.type === 'fifo') posix.makeFifo(path, 0o600);
  else if (node.type === 'dev' || node.type === 'chardev') {
    posix.makeDevice(path, deviceMode(node.type, 0o600), node.device);
  } else throw new Error(`unknown type ${JSON.stringify(node.type)}`);
}

/**
 * Owner, attributes, mode, times, in this order: a change of owner drops setuid, and a file that is
 * read-only takes no attributes. @throws FILE_FAILED.
 */
export async function applyMetadata(path: Buffer, node: TreeNode, posix: Posix): Promise<void> {
  try {
    await applyOwner(path, node);
    for (const { name, value } of node.extendedAttributes) {
      applyAttribute(path, Buffer.from(name), value, posix);
    }
    if (node.type !== 'symlink') await chmod(path, permissionsOf(node.mode));
    await posix.setTimes(path, node.atimeNs, node.mtimeNs);
  } catch (error) {
    throw fileFailed(path, 'set owner, mode, times or attributes', error);
  }
}

async function applyOwner(path: Buffer, node: TreeNode): Promise<void> {
  try {
    await lchown(path, node.uid, node.gid);
  } catch (error) {
    // Only root may give files away; everybody else restores them as their own.
    if (systemCode(error) !== 'EPERM' || getuid?.() === 0) throw error;
  }
}

function applyAttribute(path: Buffer, name: Buffer, value: Buffer, posix: Posix): void {
  try {
    posix.setAttribute(path, name, value);
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS') return;
    // Attributes outside `user.` belong to root and to the security modules.
    if (code === 'EPERM' && getuid?.() !== 0 && !name.toString('latin1').startsWith('user.')) return;
    throw error;
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}
