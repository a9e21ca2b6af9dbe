/**
 * Puts names on disk for a restore: folders, links, fifos, devices, sockets, and what a name has
 * besides content. All but folders are made under a temporary name beside their place and renamed,
 * so that what was there is replaced in one step and never written through. Sync: threads call it.
 */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  fchmodSync,
  fchownSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { getuid } from 'node:process';
import { systemCode } from '../../core/errors.js';
import { fileFailed } from './errors.js';
import { joinPath } from './path-bytes.js';
import type { FileTimes, Posix } from './posix.js';

export interface Metadata {
  /** 0..0o7777. */
  readonly permissions: number;
  readonly uid: number;
  readonly gid: number;
  readonly times: FileTimes;
  readonly attributes: readonly { readonly name: Buffer; readonly value: Buffer }[];
}

export interface MetadataOptions {
  readonly posix: Posix;
  /** Set when the name was there before: attributes that this accepts and the snapshot lacks are removed. */
  readonly staleAttribute?: ((name: Buffer) => boolean) | undefined;
}

/** A fresh name in that folder; short, so that it fits wherever the final one does. */
function temporaryName(folder: Buffer): Buffer {
  return joinPath(folder, Buffer.from(`.gatehouse-${randomBytes(6).toString('hex')}.tmp`));
}

/**
 * Makes sure that `path` is a real folder which we may write to. What is there and is no folder
 * gives way. @throws FILE_FAILED.
 */
export function makeFolder(path: Buffer): void {
  try {
    if (tryMakeFolder(path)) return;
    const existing = lstatSync(path);
    if (!existing.isDirectory()) {
      unlinkSync(path);
      mkdirSync(path, 0o700);
    } else if ((existing.mode & 0o700) !== 0o700) chmodSync(path, (existing.mode & 0o7777) | 0o700);
  } catch (error) {
    throw fileFailed(path, 'make the folder', error);
  }
}

function tryMakeFolder(path: Buffer): boolean {
  try {
    mkdirSync(path, 0o700);
    return true;
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    return false;
  }
}

/** Takes away what is at `path`: a file, link or device, or an empty folder. @throws as the system. */
export function clearPlace(path: Buffer): void {
  try {
    unlinkSync(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return;
    if (code !== 'EISDIR' && code !== 'EPERM') throw error;
    rmdirSync(path);
  }
}

function moveIntoPlace(temporary: Buffer, path: Buffer): void {
  try {
    renameSync(temporary, path);
  } catch (error) {
    if (systemCode(error) !== 'EISDIR') throw error;
    rmdirSync(path);
    renameSync(temporary, path);
  }
}

/**
 * Makes something beside `path` and moves it there; nothing is left behind when that fails.
 * @throws FILE_FAILED.
 */
function placeWhole(path: Buffer, doing: string, make: (temporary: Buffer) => void): void {
  const temporary = temporaryName(folderOf(path));
  try {
    make(temporary);
    moveIntoPlace(temporary, path);
  } catch (error) {
    throw fileFailed(path, doing, causeOf(error));
  } finally {
    // Gone already, but after a failure, and when two names of one file are renamed onto each other.
    removeQuietly(temporary);
  }
}

function removeQuietly(path: Buffer): void {
  try {
    unlinkSync(path);
  } catch {
    // It is not there.
  }
}

function folderOf(path: Buffer): Buffer {
  return path.subarray(0, Math.max(0, path.lastIndexOf('/')) || 1);
}

/** Another name for a file that was restored already. @throws FILE_FAILED. */
export function placeHardLink(existing: Buffer, path: Buffer): void {
  placeWhole(path, 'make the hard link', (temporary) => linkSync(existing, temporary));
}

/** @throws FILE_FAILED. */
export function placeSymlink(
  path: Buffer,
  target: Buffer,
  metadata: Metadata,
  options: MetadataOptions,
): void {
  placeWhole(path, 'make the symlink', (temporary) => {
    symlinkSync(target, temporary);
    applyMetadata(temporary, undefined, metadata, { ...options, isLink: true });
  });
}

/** @param format S_IFIFO, S_IFSOCK, S_IFBLK or S_IFCHR. @throws FILE_FAILED. */
export function placeNode(
  path: Buffer,
  { format, device }: { readonly format: number; readonly device: bigint },
  metadata: Metadata,
  options: MetadataOptions,
): void {
  placeWhole(path, 'make the device, socket or fifo', (temporary) => {
    if (format === 0o010000) options.posix.makeFifo(temporary, 0o600);
    else options.posix.makeDevice(temporary, format | 0o600, device);
    applyMetadata(temporary, undefined, metadata, options);
  });
}

export interface ApplyOptions extends MetadataOptions {
  readonly isLink?: boolean;
}

/**
 * Owner, attributes, mode, times, in this order: a change of owner drops setuid, and a file that is
 * read-only takes no attributes. Through `file` where one is open; links are never followed.
 * @throws FILE_FAILED.
 */
export function applyMetadata(
  path: Buffer,
  file: number | undefined,
  metadata: Metadata,
  options: ApplyOptions,
): void {
  const { posix } = options;
  try {
    const owned = applyOwner(path, file, metadata);
    applyAttributes(path, metadata, options);
    if (options.isLink !== true) {
      // A setuid bit meant for another owner must not work for this one.
      const permissions = owned ? metadata.permissions : metadata.permissions & 0o1777;
      if (file === undefined) chmodSync(path, permissions);
      else fchmodSync(file, permissions);
    }
    if (file === undefined) posix.setTimes(path, metadata.times);
    else posix.setFileTimes(file, metadata.times);
  } catch (error) {
    throw fileFailed(path, 'set owner, mode, times or attributes', error);
  }
}

/** @returns false when the owner could not be set, as only root can. */
function applyOwner(path: Buffer, file: number | undefined, { uid, gid }: Metadata): boolean {
  try {
    if (file === undefined) lchownSync(path, uid, gid);
    else fchownSync(file, uid, gid);
    return true;
  } catch (error) {
    // Everybody else restores files as their own.
    if (systemCode(error) !== 'EPERM' || getuid?.() === 0) throw error;
    return false;
  }
}

function applyAttributes(path: Buffer, metadata: Metadata, { posix, staleAttribute }: MetadataOptions): void {
  if (staleAttribute !== undefined) {
    for (const name of posix.listAttributes(path)) {
      const wanted = metadata.attributes.some((attribute) => attribute.name.equals(name));
      if (!wanted && isOurs(name) && staleAttribute(name)) removeAttribute(path, name, posix);
    }
  }
  for (const { name, value } of metadata.attributes) setAttribute(path, name, value, posix);
}

/** What backups keep; labels of security modules and of the file system itself are not ours to drop. */
function isOurs(name: Buffer): boolean {
  return /^(user\.|trusted\.|system\.posix_acl_|security\.capability$)/.test(name.toString('latin1'));
}

function removeAttribute(path: Buffer, name: Buffer, posix: Posix): void {
  try {
    posix.removeAttribute(path, name);
  } catch (error) {
    if (systemCode(error) !== 'ENODATA' && !isForRoot(error, name)) throw error;
  }
}

function setAttribute(path: Buffer, name: Buffer, value: Buffer, posix: Posix): void {
  try {
    posix.setAttribute(path, name, value);
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS' || isForRoot(error, name)) return;
    throw error;
  }
}

/** Attributes outside `user.` belong to root and to the security modules. */
function isForRoot(error: unknown, name: Buffer): boolean {
  return systemCode(error) === 'EPERM' && getuid?.() !== 0 && !name.toString('latin1').startsWith('user.');
}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}
