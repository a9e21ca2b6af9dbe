/** An entry of a snapshot as `ls` and `find` show it: restic's JSON fields and its long line. */
import { displayPath } from '../files/path-bytes.js';
import { modeText } from '../tree/file-mode.js';
import { formatTime } from '../tree/go-time.js';
import type { TreeNode } from '../tree/node.js';

/** restic's `ls --json` message for a node, keys in its order. */
export interface ListedNode {
  readonly name: string;
  readonly type: string;
  /** From the top of the snapshot, with a leading slash. */
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  readonly size?: number;
  /** Go FileMode bits. */
  readonly mode: number;
  /** `-rw-r--r--` */
  readonly permissions: string;
  readonly mtime: string;
  readonly atime: string;
  readonly ctime: string;
  readonly inode?: number | bigint;
  readonly linktarget?: string;
  readonly message_type: 'node';
  readonly struct_type: 'node';
}

/** @param path from the top, without a leading slash. */
export function listedNode(path: Buffer, node: TreeNode): ListedNode {
  return {
    name: displayPath(node.name),
    type: node.type,
    path: `/${displayPath(path)}`,
    uid: node.uid,
    gid: node.gid,
    ...(node.type === 'file' ? { size: node.sizeBytes } : {}),
    mode: node.mode,
    permissions: modeText(node.mode),
    mtime: formatTime(node.mtimeNs),
    atime: formatTime(node.atimeNs),
    ctime: formatTime(node.ctimeNs),
    ...(node.inode === 0n ? {} : { inode: node.inode }),
    ...(node.linkTarget === undefined ? {} : { linktarget: displayPath(node.linkTarget) }),
    message_type: 'node',
    struct_type: 'node',
  };
}

/** restic's `find --json` entry, keys in its order. */
export interface FoundNode {
  readonly path: string;
  readonly permissions: string;
  readonly type: string;
  readonly mode: number;
  readonly mtime: string;
  readonly atime: string;
  readonly ctime: string;
  readonly uid: number;
  readonly gid: number;
  readonly user: string;
  readonly group: string;
  readonly device_id: bigint | undefined;
  readonly size: number | undefined;
  readonly links: number | undefined;
  readonly linktarget: string | undefined;
}

/** @param path from the top, without a leading slash. */
export function foundNode(path: Buffer, node: TreeNode): FoundNode {
  return {
    path: `/${displayPath(path)}`,
    permissions: modeText(node.mode),
    type: node.type,
    mode: node.mode,
    mtime: formatTime(node.mtimeNs),
    atime: formatTime(node.atimeNs),
    ctime: formatTime(node.ctimeNs),
    uid: node.uid,
    gid: node.gid,
    user: node.user,
    group: node.group,
    device_id: node.deviceId || undefined,
    size: node.sizeBytes || undefined,
    links: node.links || undefined,
    linktarget: node.linkTarget && displayPath(node.linkTarget),
  };
}

type Shown = Pick<FoundNode, 'permissions' | 'uid' | 'gid' | 'mtime' | 'path'> & {
  readonly size?: number | undefined;
  readonly linktarget?: string | undefined;
};

/** restic's long line; times in UTC. @param size how to show bytes. */
export function longLine(node: Shown, size: (bytes: number) => string = String): string {
  const owner = `${String(node.uid).padStart(5)} ${String(node.gid).padStart(5)}`;
  const time = node.mtime.slice(0, 19).replace('T', ' ');
  const target = node.linktarget === undefined ? '' : ` -> ${node.linktarget}`;
  return `${node.permissions} ${owner} ${size(node.size ?? 0).padStart(6)} ${time} ${node.path}${target}`;
}
