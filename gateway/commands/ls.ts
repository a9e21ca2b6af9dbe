/** Lists what a snapshot holds, in the order of its trees. */
import { displayPath } from '../files/path-bytes.js';
import type { Repository } from '../repository/repository.js';
import { permissionsOf } from '../tree/file-mode.js';
import { formatTime } from '../tree/go-time.js';
import type { TreeNode } from '../tree/node.js';
import { throwIfAborted } from './abort.js';
import { findTree } from './restore.js';
import { Selection, walkSnapshot } from './snapshot-walk.js';
import { findSnapshot, type SnapshotFilter, splitSnapshotPath } from './snapshots.js';
import { withLock } from './with-lock.js';

export interface LsOptions extends SnapshotFilter {
  /** `latest`, an id or the beginning of one, with `:folder` for a part. */
  readonly snapshot: string;
  /** Only what matches one of these patterns. */
  readonly includes?: readonly string[];
  readonly signal?: AbortSignal;
}

/** restic's `ls --json` node message. */
export interface ListedNode {
  readonly message_type: 'node';
  readonly name: string;
  readonly type: string;
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  readonly size?: number;
  readonly mode: number;
  /** As `ls -l` would number them: 0..0o7777. */
  readonly permissions: number;
  readonly mtime: string;
}

/**
 * Calls `onNode` for each entry and `onError` for each folder whose record is not readable.
 * Loads the index by itself. @returns the snapshot's id.
 * @throws SNAPSHOT_UNKNOWN, SNAPSHOT_AMBIGUOUS, PATH_NOT_IN_SNAPSHOT, LOCKED, INTERRUPTED.
 */
export async function ls(
  repository: Repository,
  options: LsOptions,
  onNode: (node: ListedNode) => void,
  onError: (path: string, error: unknown) => void,
): Promise<string> {
  return withLock(repository, 'shared', options.signal, async (signal) => {
    const { wanted, folder } = splitSnapshotPath(options.snapshot);
    const snapshot = await findSnapshot(repository, wanted, { ...options, signal });
    await repository.loadIndex({ signal });
    const tree = await findTree(repository, snapshot, folder, signal);
    for await (const step of walkSnapshot(repository, tree, new Selection(options.includes), signal)) {
      if (step.kind === 'broken') onError(`/${displayPath(step.path)}`, step.error);
      else if (step.kind !== 'leave' && step.selected) onNode(listedNode(step.path, step.node));
    }
    throwIfAborted(signal);
    return snapshot.id;
  });
}

function listedNode(path: Buffer, node: TreeNode): ListedNode {
  return {
    message_type: 'node',
    name: displayPath(node.name),
    type: node.type,
    path: `/${displayPath(path)}`,
    uid: node.uid,
    gid: node.gid,
    ...(node.type === 'file' ? { size: node.sizeBytes } : {}),
    mode: node.mode,
    permissions: permissionsOf(node.mode),
    mtime: formatTime(node.mtimeNs),
  };
}
