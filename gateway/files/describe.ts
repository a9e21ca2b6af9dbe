/** Turns a found entry into the node that restic would store for it. Reads links and attributes. */
import { readlinkSync } from 'node:fs';
import { systemCode } from '../../core/errors.js';
import { goMode, typeOfMode } from '../tree/file-mode.js';
import type { ExtendedAttribute, TreeNode } from '../tree/node.js';
import type { Accounts } from './accounts.js';
import { fileFailed } from './errors.js';
import type { FileStat } from './packed-stat.js';
import type { Posix } from './posix.js';
import type { FoundEntry } from './scan.js';

export interface Describer {
  readonly accounts: Accounts;
  readonly posix: Posix;
  /** Keep the access time; else the modification time stands for it: reading would change trees. */
  readonly withAtime?: boolean;
  /** Told when attributes cannot be read; the node is complete otherwise. */
  readonly onError: (path: Buffer, error: unknown) => void;
}

/** As found, or with the numbers of the file that was opened. */
export type DescribedEntry = Omit<FoundEntry, 'stat'> & { readonly stat: FileStat };

/**
 * The node without content and subtree. @param file its descriptor, when it is open.
 * @throws FILE_FAILED when a link cannot be read.
 */
export function describeEntry(entry: DescribedEntry, describer: Describer, file?: number): TreeNode {
  const { stat } = entry;
  const type = typeOfMode(Number(stat.mode));
  const countsLinks = type === 'file' || type === 'symlink' || type === 'dev' || type === 'chardev';
  const isDevice = type === 'dev' || type === 'chardev';
  return {
    name: entry.name,
    type,
    mode: goMode(Number(stat.mode)),
    mtimeNs: stat.mtimeNs,
    atimeNs: describer.withAtime ? stat.atimeNs : stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    user: describer.accounts.userName(Number(stat.uid)),
    group: describer.accounts.groupName(Number(stat.gid)),
    inode: stat.ino,
    // Only several names of one file need it; a device number that changes must not change trees.
    deviceId: countsLinks && stat.nlink > 1n ? stat.dev : 0n,
    sizeBytes: type === 'file' ? Number(stat.size) : 0,
    links: countsLinks ? Number(stat.nlink) : 0,
    ...(type === 'symlink' ? { linkTarget: readTarget(entry.path) } : {}),
    extendedAttributes: readAttributes(entry.path, describer, file),
    device: isDevice ? stat.rdev : 0n,
    content: null,
    error: '',
  };
}

function readTarget(path: Buffer): Buffer {
  try {
    return readlinkSync(path, { encoding: 'buffer' });
  } catch (error) {
    throw fileFailed(path, 'read the link', error);
  }
}

function readAttributes(path: Buffer, { posix, onError }: Describer, file?: number): ExtendedAttribute[] {
  const of = file ?? path;
  try {
    const attributes: ExtendedAttribute[] = [];
    for (const name of posix.listAttributes(of)) {
      const value = posix.getAttribute(of, name);
      if (value !== undefined) attributes.push({ name: name.toString('utf8'), value });
    }
    return attributes;
  } catch (error) {
    // Gone since it was read: what was read of it is stored all the same.
    if (systemCode(error) !== 'ENOENT')
      onError(path, fileFailed(path, 'read its extended attributes', error));
    return [];
  }
}
