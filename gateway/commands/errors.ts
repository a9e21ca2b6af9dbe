/** What can go wrong with a command as a whole; single files are reported through events. */
import { GatehouseError } from '../../core/errors.js';

/** No path was given, or none of those given can be read. The user names what to back up. */
export function nothingToBackUp(paths: readonly string[]): GatehouseError {
  const which = paths.length === 0 ? 'No path was given' : `None of these can be read: ${paths.join(', ')}`;
  return new GatehouseError('NOTHING_TO_BACK_UP', `${which}.`, {
    context: { paths: paths.length },
    hint: 'Name at least one existing file or folder.',
  });
}

/** The folder after the colon is not in the snapshot. The user lists what the snapshot holds. */
export function noSuchFolder(snapshotId: string, path: string): GatehouseError {
  return new GatehouseError('PATH_NOT_IN_SNAPSHOT', `Snapshot ${snapshotId} has no folder ${path}.`, {
    context: { snapshotId, path },
    hint: 'List its contents with "gatehouse ls".',
  });
}

/** A stored name would lead out of the folder that is restored. Never restored; the user distrusts the writer. */
export function hostileName(name: string): GatehouseError {
  return new GatehouseError('HOSTILE_NAME', `The name ${JSON.stringify(name)} is refused.`, {
    context: { name },
    hint: 'Whoever wrote this snapshot had write access and meant harm, or its record is damaged.',
  });
}

/** The value of --read-data-subset is neither n/t, a percentage nor absent. The user mends it. */
export function subsetMalformed(text: string): GatehouseError {
  return new GatehouseError('SUBSET_MALFORMED', `"${text}" names no part of the packs.`, {
    context: { text },
    hint: 'Write n/t with 1 <= n <= t, such as 1/7, or a percentage such as 5%.',
  });
}

/** A file that was just restored reads back otherwise. The user checks the disk and restores again. */
export function restoredDiffers(path: string): GatehouseError {
  return new GatehouseError('RESTORED_DIFFERS', `${path} does not read back as it was stored.`, {
    context: { path },
    hint: 'Check the target disk, then restore again.',
  });
}
