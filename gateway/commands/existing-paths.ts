/** Which of the paths given for a backup are there. */
import { lstat } from 'node:fs/promises';
import { messageOf, systemCode } from '../../core/errors.js';
import { targetUnreadable } from '../files/errors.js';
import { joinPath, pathBytes } from '../files/path-bytes.js';
import type { BackupTally } from './backup-tally.js';
import type { BackupOptions } from './backup-types.js';

/** As restic: a named path that is not there is reported, and the rest is backed up. */
export async function existingPaths(
  paths: BackupOptions['paths'],
  workingFolder: string,
  tally: BackupTally,
): Promise<BackupOptions['paths']> {
  const found: (string | Buffer)[] = [];
  for (const given of paths) {
    const path = pathBytes(given);
    try {
      await lstat(path[0] === 0x2f ? path : joinPath(pathBytes(workingFolder), path));
      found.push(given);
    } catch (error) {
      const isAbsent = systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR';
      const reason = isAbsent ? 'it does not exist' : (systemCode(error) ?? messageOf(error));
      tally.error(path, targetUnreadable(path, reason));
    }
  }
  return found;
}
