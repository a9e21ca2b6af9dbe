/** A stream as a snapshot of one file, as `restic backup --stdin` stores it. */
import { getgid, getuid } from 'node:process';
import type { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.js';
import type { Accounts } from '../files/accounts.js';
import { pathComponents } from '../files/path-bytes.js';
import { nanosOfMs } from '../tree/go-time.js';
import type { TreeNode } from '../tree/node.js';
import { encodeTree } from '../tree/tree.js';
import type { BackupTally } from './backup-tally.js';
import type { BlobSink } from './blob-sink.js';
import type { FileArchiver } from './file-archiver.js';

export interface StdinParts {
  readonly files: FileArchiver;
  readonly sink: BlobSink;
  readonly tally: BackupTally;
  readonly accounts: Accounts;
}

const folderBit = 2 ** 31;

/** Folders in `fileName` are made up. @returns the id of the root tree. @throws what the stream throws. */
export async function storeStdin(
  stdin: { readonly stream: Readable; readonly fileName: string },
  parts: StdinParts,
  clock: Clock,
): Promise<string> {
  const path = Buffer.from(`/${stdin.fileName}`);
  const now = nanosOfMs(clock.now());
  const { sizeBytes, content } = await parts.files.storeStream(stdin.stream, path);
  const names = pathComponents(path);
  const file = {
    ...blankNode(names.pop() ?? Buffer.from('stdin'), 'file', 0o644, now, parts.accounts),
    sizeBytes,
    links: 1,
    content,
  };
  parts.tally.item({ path }, file, undefined);
  let node: TreeNode = file;
  for (const name of names.reverse()) {
    const subtree = await parts.sink.save('tree', encodeTree([node]));
    node = { ...blankNode(name, 'dir', folderBit + 0o755, now, parts.accounts), subtree };
  }
  return parts.sink.save('tree', encodeTree([node]));
}

function blankNode(name: Buffer, type: string, mode: number, timeNs: bigint, accounts: Accounts): TreeNode {
  const uid = getuid?.() ?? 0;
  const gid = getgid?.() ?? 0;
  return {
    name,
    type,
    mode,
    mtimeNs: timeNs,
    atimeNs: timeNs,
    ctimeNs: timeNs,
    uid,
    gid,
    user: accounts.userName(uid),
    group: accounts.groupName(gid),
    inode: 0n,
    deviceId: 0n,
    sizeBytes: 0,
    links: 0,
    extendedAttributes: [],
    device: 0n,
    content: null,
    error: '',
  };
}
