/** Walks beside a backup to learn how much there is, for its progress. Its errors are not told: the backup meets them too. */
import { type Scanner, statEntry } from '../files/scan.js';
import type { BackupTally } from './backup-tally.js';
import type { TargetFolder } from './target-tree.js';

export interface Counting {
  /** Ends the walk and waits for it. */
  stop(): Promise<void>;
}

export function countAhead(
  root: TargetFolder,
  scanner: Scanner,
  tally: BackupTally,
  signal: AbortSignal,
): Counting {
  let stopped = false;
  const isStopped = () => stopped || signal.aborted;
  const walk = count(root, scanner, isStopped).then(
    (totals) => {
      if (!isStopped()) tally.counted(totals.files, totals.bytes);
    },
    () => {}, // Without totals the backup goes on all the same.
  );
  return {
    async stop() {
      stopped = true;
      await walk;
    },
  };
}

async function count(folder: TargetFolder, scanner: Scanner, isStopped: () => boolean) {
  const totals = { files: 0, bytes: 0 };
  for (const target of folder.children.values()) {
    if (isStopped()) break;
    const below =
      target.kind === 'folder'
        ? await count(target, scanner, isStopped)
        : await countBelow(target.path, scanner, isStopped);
    totals.files += below.files;
    totals.bytes += below.bytes;
  }
  return totals;
}

async function countBelow(path: Buffer, scanner: Scanner, isStopped: () => boolean) {
  const totals = { files: 0, bytes: 0 };
  const ignore = () => {};
  const start = await statEntry(path, path, ignore);
  if (start === undefined || !scanner.wantsStart(start)) return totals;
  for await (const { stat } of scanner.walk(start, ignore)) {
    if (isStopped()) break;
    if (!stat.isFile()) continue;
    totals.files += 1;
    totals.bytes += Number(stat.size);
  }
  return totals;
}
